//! The way of every call: a session, the handles, the call, and what follows from an error.

use cryptoki::error::Error;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use km_keystore::KeyStoreError;

use crate::errors::{Fault, fault, unavailable};
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
    type Handles: Copy;
    fn handles(self, live: &Live, raw: &RawModule) -> Result<Self::Handles, KeyStoreError>;
    fn forget(self, live: &Live) -> Result<(), KeyStoreError>;
}

impl Targets for () {
    type Handles = ();

    fn handles(self, _: &Live, _: &RawModule) -> Result<(), KeyStoreError> {
        Ok(())
    }

    fn forget(self, _: &Live) -> Result<(), KeyStoreError> {
        Ok(())
    }
}

impl Targets for Target<'_> {
    type Handles = ObjectHandle;

    fn handles(self, live: &Live, raw: &RawModule) -> Result<ObjectHandle, KeyStoreError> {
        live.handle(self, raw)
    }

    fn forget(self, live: &Live) -> Result<(), KeyStoreError> {
        live.forget(&[self])
    }
}

impl Targets for (Target<'_>, Target<'_>) {
    type Handles = (ObjectHandle, ObjectHandle);

    fn handles(self, live: &Live, raw: &RawModule) -> Result<Self::Handles, KeyStoreError> {
        Ok((live.handle(self.0, raw)?, live.handle(self.1, raw)?))
    }

    fn forget(self, live: &Live) -> Result<(), KeyStoreError> {
        live.forget(&[self.0, self.1])
    }
}

impl Token {
    /// Calls `operation` with a session and the handles of `targets`. It is called a second time if a handle was stale or
    /// the session lost, so it must not have had an effect then.
    pub(crate) fn run<T, K: Targets>(
        &self,
        targets: K,
        blame: Blame,
        operation: impl Fn(&Session, K::Handles) -> Result<T, Error>,
    ) -> Result<T, KeyStoreError> {
        let guard = self.live()?;
        let live = guard.get()?;
        if live.is_down() {
            return Err(KeyStoreError::Unavailable("the token does not answer as it did".into()));
        }
        let mut again = true;
        loop {
            let handles = targets.handles(live, &self.0.raw)?;
            let lease = live.sessions.take()?;
            let session = lease.session()?;
            let error = match operation(session, handles) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match fault(&error) {
                Fault::StaleHandle if again => targets.forget(live)?,
                Fault::Session(_) if again => lease.discard(),
                Fault::Session(text) => {
                    lease.discard();
                    return Err(KeyStoreError::Unavailable(text));
                }
                Fault::Input => return Err(KeyStoreError::Refused),
                Fault::Unclear(_) if blame == Blame::Input && live.answers(session) => {
                    return Err(KeyStoreError::Refused);
                }
                Fault::Unsupported(text) => return Err(KeyStoreError::Unsupported(text)),
                Fault::StaleHandle | Fault::Unclear(_) | Fault::Token(_) => return Err(unavailable(error)),
            }
            again = false;
        }
    }
}
