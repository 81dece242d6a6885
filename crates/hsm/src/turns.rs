//! Turns for long series of calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{FairMutex, FairMutexGuard};

/// How long a series waits for its turn. After it, it goes on without: a call that hangs in another's turn must not stop it.
const PATIENCE: Duration = Duration::from_secs(1);

/// So many series at a time, in the order in which they came.
pub(crate) struct Turns {
    places: Vec<FairMutex<()>>,
    next: AtomicUsize,
}

impl Turns {
    pub fn new(places: usize) -> Self {
        Self { places: (0..places.max(1)).map(|_| FairMutex::new(())).collect(), next: AtomicUsize::new(0) }
    }

    /// None: no place became free in time.
    pub fn take(&self) -> Option<FairMutexGuard<'_, ()>> {
        if let Some(free) = self.places.iter().find_map(FairMutex::try_lock) {
            return Some(free);
        }
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.places.get(next % self.places.len()).and_then(|place| place.try_lock_for(PATIENCE))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn as_many_series_as_there_are_places() {
        let turns = Turns::new(2);
        let (first, second) = (turns.take(), turns.take());
        assert!(first.is_some() && second.is_some());
        let begun = Instant::now();
        assert!(turns.take().is_none());
        assert!(begun.elapsed() >= PATIENCE);
        drop(first);
        assert!(turns.take().is_some(), "a place that was given back is taken, whichever it is");
    }
}
