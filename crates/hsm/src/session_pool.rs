//! A fixed number of sessions, opened once, taken for one call and given back. A session that failed is closed; another in
//! its place is opened by whoever can tell that the token is still the same one.

use std::time::{Duration, Instant};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, Result, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use km_keystore::KeyStoreError;
use parking_lot::{Condvar, Mutex};

pub(crate) struct SessionPool {
    pkcs11: Pkcs11,
    slot: Slot,
    wait: Duration,
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Vec<Session>,
    /// Sessions that failed and were not replaced.
    missing: usize,
}

impl SessionPool {
    /// Opens up to `size` sessions, fewer where the token gives no more. `wait`: how long a call may wait for one.
    pub(crate) fn open(pkcs11: &Pkcs11, slot: Slot, size: usize, wait: Duration) -> Result<Self> {
        let mut idle = vec![pkcs11.open_rw_session(slot)?];
        while idle.len() < size {
            match pkcs11.open_rw_session(slot) {
                Ok(session) => idle.push(session),
                Err(Error::Pkcs11(RvError::SessionCount, _)) => break,
                Err(error) => return Err(error),
            }
        }
        let state = Mutex::new(State { idle, missing: 0 });
        Ok(Self { pkcs11: pkcs11.clone(), slot, wait, state, returned: Condvar::new() })
    }

    /// Takes a session for one call; waits for one no longer than the pool's time.
    pub(crate) fn take(&self) -> std::result::Result<Lease<'_>, KeyStoreError> {
        let mut state = self.state.lock();
        let mut deadline = None;
        loop {
            if let Some(session) = state.idle.pop() {
                return Ok(Lease { pool: self, session: Some(session) });
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.wait);
            if self.returned.wait_until(&mut state, deadline).timed_out() {
                return Err(KeyStoreError::Unavailable("all sessions are in use".into()));
            }
        }
    }

    /// Opens a session in the place of one that failed; `is_good` is asked before anybody can use it. False: it is not.
    pub(crate) fn refill(&self, is_good: impl Fn(&Session) -> bool) -> Result<bool> {
        while let Some(mut empty) = self.take_missing() {
            let session = self.pkcs11.open_rw_session(self.slot)?;
            if !is_good(&session) {
                return Ok(false);
            }
            empty.session = Some(session);
        }
        Ok(true)
    }

    /// A lease without a session, which it gets or which goes back as missing.
    fn take_missing(&self) -> Option<Lease<'_>> {
        let mut state = self.state.lock();
        state.missing = state.missing.checked_sub(1)?;
        Some(Lease { pool: self, session: None })
    }
}

/// A session for the length of one call.
pub(crate) struct Lease<'a> {
    pool: &'a SessionPool,
    /// There until the lease ends or the session is given up.
    session: Option<Session>,
}

impl Lease<'_> {
    /// Closes this session instead of giving it back.
    pub(crate) fn discard(mut self) {
        drop(self.session.take());
    }

    pub(crate) fn session(&self) -> std::result::Result<&Session, KeyStoreError> {
        self.session.as_ref().ok_or_else(|| KeyStoreError::Unavailable("the session is closed".into()))
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock();
        match self.session.take() {
            Some(session) => state.idle.push(session),
            None => state.missing += 1,
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}
