//! The token itself, through PKCS#11: found by its label, or made in a free slot.

use std::path::{Path, PathBuf};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::Error;
use cryptoki::session::UserType;
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use serde::Serialize;

use crate::Failure;
use crate::folder::{Folder, pin, pin_or_new};

/// What a service's configuration needs to know.
#[derive(Serialize)]
pub struct TokenDescription {
    pub module: PathBuf,
    pub serial: String,
    pub label: String,
    pub pin_file: PathBuf,
    pub config_file: PathBuf,
}

/// Makes the token with this label if there is none, completes one whose making was interrupted, and checks in each case
/// that the PIN file opens it.
pub fn ensure(module: &Path, folder: &Folder, label: &str) -> Result<TokenDescription, Failure> {
    let pkcs11 = load(module)?;
    let slot = match find(&pkcs11, label)? {
        Some(slot) => slot,
        None => make(&pkcs11, folder, label)?,
    };
    let info = pkcs11.get_token_info(slot).map_err(unavailable)?;
    if !info.user_pin_initialized() {
        set_user_pin(&pkcs11, slot, folder, label)?;
    }
    let pin_file = folder.pin_file(label);
    log_in(&pkcs11, slot, UserType::User, &pin(&pin_file)?)?;
    Ok(TokenDescription {
        module: module.to_path_buf(),
        serial: info.serial_number().to_owned(),
        label: label.to_owned(),
        pin_file,
        config_file: folder.config_file(),
    })
}

fn load(module: &Path) -> Result<Pkcs11, Failure> {
    let pkcs11 = Pkcs11::new(module).map_err(|error| Failure::Unavailable(format!("{}: {error}", module.display())))?;
    pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(unavailable)?;
    Ok(pkcs11)
}

fn find(pkcs11: &Pkcs11, label: &str) -> Result<Option<Slot>, Failure> {
    let mut found = None;
    for slot in pkcs11.get_slots_with_initialized_token().map_err(unavailable)? {
        if pkcs11.get_token_info(slot).map_err(unavailable)?.label() == label && found.replace(slot).is_some() {
            return Err(Failure::Refused(format!("two tokens have the label {label}: remove one by hand")));
        }
    }
    Ok(found)
}

/// Both PINs are on disk before the token is made, so that an interrupted run leaves nothing that cannot be opened.
fn make(pkcs11: &Pkcs11, folder: &Folder, label: &str) -> Result<Slot, Failure> {
    let so_pin = pin_or_new(&folder.so_pin_file(label))?;
    pin_or_new(&folder.pin_file(label))?;
    let mut free = None;
    for slot in pkcs11.get_slots_with_token().map_err(unavailable)? {
        if !pkcs11.get_token_info(slot).map_err(unavailable)?.token_initialized() {
            free = Some(slot);
            break;
        }
    }
    let free = free.ok_or_else(|| Failure::Unavailable("the module offers no free slot".into()))?;
    pkcs11.init_token(free, &so_pin, label).map_err(unavailable)?;
    find(pkcs11, label)?.ok_or_else(|| Failure::Unavailable("the new token does not appear".into()))
}

fn set_user_pin(pkcs11: &Pkcs11, slot: Slot, folder: &Folder, label: &str) -> Result<(), Failure> {
    let session = pkcs11.open_rw_session(slot).map_err(unavailable)?;
    session.login(UserType::So, Some(&pin(&folder.so_pin_file(label))?)).map_err(wrong_pin)?;
    session.init_pin(&pin_or_new(&folder.pin_file(label))?).map_err(unavailable)?;
    session.logout().map_err(unavailable)
}

fn log_in(pkcs11: &Pkcs11, slot: Slot, user: UserType, pin: &AuthPin) -> Result<(), Failure> {
    let session = pkcs11.open_ro_session(slot).map_err(unavailable)?;
    session.login(user, Some(pin)).map_err(wrong_pin)?;
    session.logout().map_err(unavailable)
}

fn wrong_pin(error: Error) -> Failure {
    Failure::Refused(format!("the PIN file does not open the token with this label: {error}"))
}

fn unavailable(error: Error) -> Failure {
    Failure::Unavailable(format!("the token: {error}"))
}
