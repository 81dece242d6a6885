//! A fixed number of sessions, opened once, taken for one call and given back. A session that failed is closed and another
//! is opened in its place, so that the number never grows.

use std::time::{Duration, Instant};

use cryptoki::context::Pkcs11;
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use km_keystore::KeyStoreError;
use parking_lot::{Condvar, Mutex};

use crate::errors::unavailable;

pub(crate) struct SessionPool {
    pkcs11: Pkcs11,
    slot: Slot,
    wait: Duration,
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Vec<Session>,
    /// Sessions that failed and could not be replaced at once.
    missing: usize,
}

impl SessionPool {
    /// Opens all sessions. `wait`: how long a call may wait for one.
    pub(crate) fn open(pkcs11: &Pkcs11, slot: Slot, size: usize, wait: Duration) -> Result<Self, KeyStoreError> {
        let idle = (0..size.max(1))
            .map(|_| pkcs11.open_rw_session(slot))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unavailable)?;
        let state = Mutex::new(State { idle, missing: 0 });
        Ok(Self { pkcs11: pkcs11.clone(), slot, wait, state, returned: Condvar::new() })
    }

    /// Takes a session for one call; waits for one no longer than the pool's time.
    pub(crate) fn take(&self) -> Result<Lease<'_>, KeyStoreError> {
        let mut state = self.state.lock();
        let mut deadline = None;
        loop {
            if let Some(session) = state.idle.pop() {
                return Ok(Lease { pool: self, session: Some(session) });
            }
            if state.missing > 0 {
                let session = self.pkcs11.open_rw_session(self.slot).map_err(unavailable)?;
                state.missing -= 1;
                return Ok(Lease { pool: self, session: Some(session) });
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.wait);
            if self.returned.wait_until(&mut state, deadline).timed_out() {
                return Err(KeyStoreError::Unavailable("all sessions are in use".into()));
            }
        }
    }

    fn give_back(&self, session: Option<Session>) {
        let mut state = self.state.lock();
        match session {
            Some(session) => state.idle.push(session),
            None => state.missing += 1,
        }
        drop(state);
        self.returned.notify_one();
    }
}

/// A session for the length of one call.
pub(crate) struct Lease<'a> {
    pool: &'a SessionPool,
    /// Always there until the lease ends.
    session: Option<Session>,
}

impl Lease<'_> {
    /// Closes this session instead of giving it back, and opens another.
    pub(crate) fn discard(mut self) {
        drop(self.session.take());
        self.session = self.pool.pkcs11.open_rw_session(self.pool.slot).ok();
    }

    pub(crate) fn session(&self) -> Result<&Session, KeyStoreError> {
        self.session.as_ref().ok_or_else(|| KeyStoreError::Unavailable("the session is closed".into()))
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.pool.give_back(self.session.take());
    }
}
