//! The way of every call: a session, the handles, the call, and what follows from an error.

use std::sync::Arc;

use cryptoki::error::Error;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use km_keystore::KeyStoreError;

use crate::errors::{Fault, fault};
use crate::live::{Live, Target};
use crate::raw::RawModule;
use crate::token::Token;

/// Whom an error that says nothing is blamed on, when the token is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The caller's input: a bad tag, a corrupt blob.
    Input,
    /// Nobody's input is involved: the token has a problem of its own.
    Token,
}

/// The keys that a call needs: none, one or two.
pub(crate) trait Targets: Copy {
    /// What a call holds on to, so that no object is destroyed under it.
    type Held;
    type Handles;
    fn hold(self, live: &Live, raw: &RawModule) -> Result<Self::Held, KeyStoreError>;
    fn handles(held: &Self::Held) -> Self::Handles;
    fn forget(self, live: &Live) -> Result<(), KeyStoreError>;
}

impl Targets for () {
    type Held = ();
    type Handles = ();

    fn hold(self, _: &Live, _: &RawModule) -> Result<(), KeyStoreError> {
        Ok(())
    }

    fn handles((): &()) {}

    fn forget(self, _: &Live) -> Result<(), KeyStoreError> {
        Ok(())
    }
}

impl Targets for Target<'_> {
    type Held = Arc<ObjectHandle>;
    type Handles = ObjectHandle;

    fn hold(self, live: &Live, raw: &RawModule) -> Result<Self::Held, KeyStoreError> {
        live.handle(self, raw)
    }

    fn handles(held: &Self::Held) -> ObjectHandle {
        **held
    }

    fn forget(self, live: &Live) -> Result<(), KeyStoreError> {
        live.forget(&[self])
    }
}

impl Targets for (Target<'_>, Target<'_>) {
    type Held = (Arc<ObjectHandle>, Arc<ObjectHandle>);
    type Handles = (ObjectHandle, ObjectHandle);

    fn hold(self, live: &Live, raw: &RawModule) -> Result<Self::Held, KeyStoreError> {
        Ok((live.handle(self.0, raw)?, live.handle(self.1, raw)?))
    }

    fn handles(held: &Self::Held) -> Self::Handles {
        (*held.0, *held.1)
    }

    fn forget(self, live: &Live) -> Result<(), KeyStoreError> {
        live.forget(&[self.0, self.1])
    }
}

impl Token {
    /// Calls `operation` with a session and the handles of `targets`. It is called a second time if a handle was stale, the
    /// session unusable or the token full, so it must not have had an effect then.
    pub(crate) fn run<T, K: Targets>(
        &self,
        targets: K,
        blame: Blame,
        operation: impl Fn(&Session, K::Handles) -> Result<T, Error>,
    ) -> Result<T, KeyStoreError> {
        let guard = self.live()?;
        let live = guard.get()?;
        let mut again = true;
        loop {
            if live.is_down() {
                return Err(KeyStoreError::Unavailable("the token does not answer as it did".into()));
            }
            let held = targets.hold(live, &self.0.raw)?;
            let lease = live.sessions.take()?;
            let error = match operation(lease.session()?, K::handles(&held)) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            drop(held);
            match fault(&error) {
                Fault::StaleHandle if again => targets.forget(live)?,
                Fault::Room(_) if again => live.make_room()?,
                Fault::Session(_) if again => live.replace(lease)?,
                Fault::Session(text) => {
                    live.replace(lease)?;
                    return Err(KeyStoreError::Unavailable(text));
                }
                Fault::Input => return Err(KeyStoreError::Refused),
                Fault::Unclear(_) if live.is_well(lease) && blame == Blame::Input => {
                    return Err(KeyStoreError::Refused);
                }
                Fault::Unsupported(text) => return Err(KeyStoreError::Unsupported(text)),
                _ => return Err(live.failed(&error)),
            }
            again = false;
        }
    }
}
