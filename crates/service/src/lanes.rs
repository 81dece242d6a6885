//! Lanes: how the asynchronous edge hands synchronous work to fixed threads behind a short queue.
//!
//! A lane never grows: when its queue is full or a deadline passes, the caller is told so at once. A thread that does
//! not come back (a token that hangs) is written off and replaced, a bounded number of times; should it come back later, it
//! takes a vacant place.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// Why a lane gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LaneError {
    #[error("the queue is full")]
    Full,
    #[error("the deadline passed")]
    Deadline,
    #[error("the lane is closed")]
    Closed,
    #[error("the job broke off")]
    Failed,
}

type Job = Box<dyn FnOnce() + Send>;

/// Fixed threads behind a bounded queue. Clones share them.
#[derive(Clone)]
pub struct Lane {
    inner: Arc<Inner>,
}

/// Where the result of a job goes. It may be given by another thread than the one that ran the job: by the one that
/// makes the audit event durable, for example. Dropped without a result, the caller gets [`LaneError::Failed`].
pub struct Answer<T>(oneshot::Sender<T>);

impl<T> Answer<T> {
    /// Wakes the caller. If it has left, the result is dropped.
    pub fn give(self, result: T) {
        let _ = self.0.send(result);
    }

    /// Whether the caller has left, by its deadline or by closing its connection.
    pub fn is_unwanted(&self) -> bool {
        self.0.is_closed()
    }
}

struct Inner {
    name: &'static str,
    capacity: usize,
    /// A job that runs for longer has taken its thread with it.
    patience: Duration,
    /// How many threads may be away at a time before the lane stays short of them until one comes back.
    spare: usize,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    slots: Vec<Slot>,
    idle: usize,
    /// Threads that are away and whose places were given up.
    written_off: usize,
    /// Places that got no new thread.
    vacant: Vec<usize>,
    closed: bool,
}

/// One place for a thread. The generation tells a thread that came back too late that its place has been taken.
#[derive(Default, Clone, Copy)]
struct Slot {
    generation: u64,
    busy_since: Option<Instant>,
}

impl Lane {
    /// A lane of `threads` threads; `queue` jobs may wait beyond those that run. Threads are written off after 30 s.
    pub fn new(name: &'static str, threads: usize, queue: usize) -> std::io::Result<Self> {
        Self::with_patience(name, threads, queue, Duration::from_secs(30), threads.max(1) * 2)
    }

    /// As [`Lane::new`], with the time after which a thread is written off and how many may be.
    pub fn with_patience(
        name: &'static str,
        threads: usize,
        queue: usize,
        patience: Duration,
        spare: usize,
    ) -> std::io::Result<Self> {
        let threads = threads.max(1);
        let state = State { slots: vec![Slot::default(); threads], ..State::default() };
        let inner =
            Arc::new(Inner { name, capacity: queue, patience, spare, state: Mutex::new(state), wake: Condvar::new() });
        for slot in 0..threads {
            inner.spawn(slot, 0)?;
        }
        Ok(Self { inner })
    }

    pub fn name(&self) -> &'static str {
        self.inner.name
    }

    /// Runs `job` on the lane and waits for its result, at most until `deadline` has passed. A job that has not begun
    /// by then, or whose caller has left, is not run.
    pub async fn run<T, F>(&self, deadline: Duration, job: F) -> Result<T, LaneError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.run_to(deadline, move |answer| answer.give(job())).await
    }

    /// As [`Lane::run`], for a job whose result another thread gives later: the lane's thread is free as soon as the
    /// job returns.
    pub async fn run_to<T, F>(&self, deadline: Duration, job: F) -> Result<T, LaneError>
    where
        T: Send + 'static,
        F: FnOnce(Answer<T>) + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let too_late = Instant::now() + deadline;
        self.submit(Box::new(move || {
            let answer = Answer(sender);
            if !answer.is_unwanted() && Instant::now() < too_late {
                job(answer);
            }
        }))?;
        match tokio::time::timeout(deadline, receiver).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(_)) if self.inner.state.lock().closed => Err(LaneError::Closed),
            Ok(Err(_)) if Instant::now() >= too_late => Err(LaneError::Deadline),
            Ok(Err(_)) => Err(LaneError::Failed),
            Err(_) => {
                self.inner.replace_lost();
                Err(LaneError::Deadline)
            }
        }
    }

    /// Queues a job whose result nobody waits for.
    pub fn submit(&self, job: Job) -> Result<(), LaneError> {
        let mut state = self.inner.state.lock();
        if state.closed {
            return Err(LaneError::Closed);
        }
        if state.queue.len() >= self.inner.capacity + state.idle {
            drop(state);
            self.inner.replace_lost();
            return Err(LaneError::Full);
        }
        state.queue.push_back(job);
        drop(state);
        self.inner.wake.notify_one();
        Ok(())
    }

    /// Refuses new jobs; what waits is still run.
    pub fn close(&self) {
        self.inner.state.lock().closed = true;
        self.inner.wake.notify_all();
    }

    /// Jobs that wait for a thread.
    pub fn waiting(&self) -> usize {
        self.inner.state.lock().queue.len()
    }

    /// Threads that have not come back so far.
    pub fn written_off(&self) -> usize {
        self.inner.state.lock().written_off
    }

    /// Whether more threads are away than could be replaced. It ends when one of them comes back.
    pub fn is_short(&self) -> bool {
        self.inner.state.lock().written_off > self.inner.spare
    }
}

impl Inner {
    fn spawn(self: &Arc<Self>, slot: usize, generation: u64) -> std::io::Result<()> {
        let inner = Arc::clone(self);
        thread::Builder::new().name(format!("{}-{slot}", self.name)).spawn(move || inner.work(slot, generation))?;
        Ok(())
    }

    fn work(&self, mut slot: usize, mut generation: u64) {
        while let Some(job) = self.next(&mut slot, &mut generation) {
            // A panic is a bug in the job, not in the lane: its caller gets `Failed`, the thread goes on.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!(event = "lane.job-panicked", lane = self.name, "a job broke off");
            }
        }
    }

    /// Waits for a job; `None` when the thread has to end.
    fn next(&self, slot: &mut usize, generation: &mut u64) -> Option<Job> {
        let mut state = self.state.lock();
        if state.slots[*slot].generation != *generation {
            // Written off, and here again: it takes a place that stayed vacant, or was replaced and ends.
            state.written_off = state.written_off.saturating_sub(1);
            let vacant = state.vacant.pop()?;
            tracing::info!(event = "lane.thread-back", lane = self.name, "a thread came back");
            (*slot, *generation) = (vacant, state.slots[vacant].generation);
        }
        state.slots[*slot].busy_since = None;
        loop {
            if let Some(job) = state.queue.pop_front() {
                state.slots[*slot].busy_since = Some(Instant::now());
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            self.wake.wait(&mut state);
            state.idle -= 1;
        }
    }

    /// Gives the places of threads that have been away for too long to new ones. Called when a caller met trouble, so
    /// that a quiet lane costs nothing.
    fn replace_lost(self: &Arc<Self>) {
        let mut state = self.state.lock();
        for slot in 0..state.slots.len() {
            let lost = state.slots[slot].busy_since.is_some_and(|since| since.elapsed() > self.patience);
            if !lost {
                continue;
            }
            state.written_off += 1;
            tracing::error!(
                event = "lane.thread-lost",
                lane = self.name,
                written_off = state.written_off,
                "a thread did not come back"
            );
            state.slots[slot] = Slot { generation: state.slots[slot].generation + 1, busy_since: None };
            let generation = state.slots[slot].generation;
            if state.written_off > self.spare || self.spawn(slot, generation).is_err() {
                state.vacant.push(slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_job_answers_and_a_panic_costs_no_thread() {
        let lane = Lane::new("test", 1, 4).unwrap();
        assert_eq!(lane.run(LONG, || 6 * 7).await, Ok(42));
        assert_eq!(lane.run::<(), _>(LONG, || panic!("on purpose")).await, Err(LaneError::Failed));
        assert_eq!(lane.run(LONG, || 1).await, Ok(1));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let lane = Lane::new("test", 1, 1).unwrap();
        let (release, blocked) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        lane.submit(Box::new(move || {
            started.send(()).unwrap();
            let _ = blocked.recv();
        }))
        .unwrap();
        running.recv().unwrap();
        lane.submit(Box::new(|| {})).unwrap();
        assert_eq!(lane.run(LONG, || ()).await, Err(LaneError::Full));
        release.send(()).unwrap();
    }

    #[tokio::test]
    async fn a_job_whose_deadline_passed_in_the_queue_is_not_run() {
        let lane = Lane::new("test", 1, 4).unwrap();
        let (release, blocked) = mpsc::channel::<()>();
        let (ran, was_run) = mpsc::channel();
        lane.submit(Box::new(move || {
            let _ = blocked.recv();
        }))
        .unwrap();
        let late = lane.run(Duration::from_millis(20), move || ran.send(()).unwrap()).await;
        assert_eq!(late, Err(LaneError::Deadline));
        release.send(()).unwrap();
        assert_eq!(lane.run(LONG, || ()).await, Ok(()));
        assert!(was_run.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_thread_that_hangs_is_replaced_a_bounded_number_of_times() {
        let lane = Lane::with_patience("test", 1, 4, Duration::from_millis(30), 1).unwrap();
        let mut held = Vec::new();
        for expected in [Ok(7), Err(LaneError::Deadline)] {
            let (release, blocked) = mpsc::channel::<()>();
            held.push(release);
            let hung = lane.run(Duration::from_millis(60), move || blocked.recv().is_ok()).await;
            assert_eq!(hung, Err(LaneError::Deadline));
            assert_eq!(lane.run(Duration::from_millis(200), || 7).await, expected);
        }
        assert_eq!(lane.written_off(), 2);
        assert!(lane.is_short());
        // The threads come back: one takes the vacant place, the other was replaced.
        held.clear();
        while lane.written_off() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(!lane.is_short());
        assert_eq!(lane.run(LONG, || 7).await, Ok(7));
        assert_eq!(lane.inner.state.lock().vacant.len(), 0);
    }

    #[tokio::test]
    async fn another_thread_may_give_the_answer() {
        let lane = Lane::new("test", 1, 1).unwrap();
        let answer = lane
            .run_to(LONG, |answer: Answer<u8>| {
                thread::spawn(move || answer.give(9));
            })
            .await;
        assert_eq!(answer, Ok(9));
        lane.close();
        assert_eq!(lane.run(LONG, || ()).await, Err(LaneError::Closed));
    }
}
