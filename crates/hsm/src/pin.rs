//! The PIN, read from its file for each login and never tried again once it was refused: a token counts, and locks.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use km_keystore::KeyStoreError;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::errors::unavailable;

pub(crate) struct Pin {
    file: PathBuf,
    /// When the file with the PIN that was refused had been written.
    refused: Mutex<Option<SystemTime>>,
}

impl Pin {
    pub(crate) fn in_file(file: &Path) -> Self {
        Self { file: file.to_owned(), refused: Mutex::default() }
    }

    /// Logs the process in.
    ///
    /// Errors: `Unavailable`; after a refusal no login is tried until the file has changed.
    pub(crate) fn log_in(&self, session: &Session) -> Result<(), KeyStoreError> {
        let file = self.file.display();
        let unreadable = |error: std::io::Error| KeyStoreError::Unavailable(format!("PIN file {file}: {error}"));
        let written = fs::metadata(&self.file).and_then(|metadata| metadata.modified()).map_err(unreadable)?;
        if *self.refused.lock() == Some(written) {
            let text = format!("the PIN in {file} was refused and is not tried again; correct the file");
            return Err(KeyStoreError::Unavailable(text));
        }
        let text = fs::read_to_string(&self.file).map(Zeroizing::new).map_err(unreadable)?;
        let pin = AuthPin::from(text.trim_end_matches(['\r', '\n']));
        match session.login(UserType::User, Some(&pin)) {
            // The login belongs to the process, not to the session.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(error) => {
                if matches!(error, Error::Pkcs11(RvError::PinIncorrect | RvError::PinLocked | RvError::PinExpired, _)) {
                    *self.refused.lock() = Some(written);
                }
                Err(unavailable(error))
            }
        }
    }
}
