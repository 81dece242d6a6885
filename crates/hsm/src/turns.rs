//! Turns for long series of calls.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// How long a series waits for its turn. Whoever holds one then is taken for hung, as a call to a token may, and loses it.
const PATIENCE: Duration = Duration::from_secs(1);

/// So many series at a time.
pub(crate) struct Turns {
    places: usize,
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    free: usize,
    /// Moves on when all places are given out anew; turns of before do not come back.
    round: u64,
}

/// A turn, which ends when it is dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    round: u64,
}

impl Turns {
    pub fn new(places: usize) -> Self {
        let places = places.max(1);
        Self { places, state: Mutex::new(State { free: places, round: 0 }), returned: Condvar::new() }
    }

    /// Waits for a turn, and takes one in any case: who waited in vain has all places given out anew, so that a call that hangs costs
    /// this patience once and not each time.
    pub fn take(&self) -> Turn<'_> {
        let mut state = self.state.lock();
        let end = Instant::now() + PATIENCE;
        while state.free == 0 {
            if self.returned.wait_until(&mut state, end).timed_out() && state.free == 0 {
                state.round += 1;
                state.free = self.places;
                self.returned.notify_all();
            }
        }
        state.free -= 1;
        Turn { turns: self, round: state.round }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.state.lock();
        if state.round == self.round {
            state.free += 1;
            self.turns.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waited(turns: &Turns) -> (Turn<'_>, bool) {
        let begun = Instant::now();
        (turns.take(), begun.elapsed() >= PATIENCE)
    }

    #[test]
    fn as_many_series_as_there_are_places() {
        let turns = Turns::new(2);
        let (first, second) = (waited(&turns), waited(&turns));
        assert!(!first.1 && !second.1);
        drop(first);
        assert!(!waited(&turns).1, "a place that was given back is taken, whichever it is");
    }

    #[test]
    fn whoever_hangs_is_waited_for_once() {
        let turns = Turns::new(1);
        let (hung, _) = waited(&turns);
        let (second, second_waited) = waited(&turns);
        assert!(second_waited);
        drop(second);
        let (third, third_waited) = waited(&turns);
        assert!(!third_waited);
        // It comes back after all: its place was given to another.
        drop(hung);
        let (_fourth, fourth_waited) = waited(&turns);
        assert!(fourth_waited, "there is one place");
        drop(third);
    }
}
