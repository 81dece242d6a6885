//! A license key made.

use km_audit::EventKind;
use km_crypto::random;
use km_domain::{SecretText, Timestamp};
use km_storage::{MosipLicenseRow, Unrecorded, Write};

use super::{LicenseFault, about, digest, provider};
use crate::{Caller, Keys, Operation, OperationError, Operations, caller::refused, keys::seal_row};

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLicense {
    pub provider: String,
    pub expires: Timestamp,
}

/// Characters of a license key.
const LENGTH: usize = 16;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Makes a license key, which is told this once.
///
/// Errors: no provider; an end that is past.
pub fn generate_license(operations: &Operations, caller: &Caller, asked: &NewLicense) -> Operation<SecretText> {
    match made(operations, &operations.keyring.keys(), caller, asked) {
        Ok((license, row)) => {
            let mut event = caller.event(operations, EventKind::Random);
            about(&mut event, &row);
            let conflict = refused(event.clone(), &OperationError::Conflict("mosip-license-exists"));
            Unrecorded::new(Ok(license), event).with(Write::insert_mosip_license(row)).or_on_conflict(conflict)
        }
        Err(error) => caller.refuse(operations, EventKind::Random, error),
    }
}

fn made(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    asked: &NewLicense,
) -> Result<(SecretText, MosipLicenseRow), OperationError> {
    let provider = provider(operations, caller, &asked.provider)?;
    if asked.expires <= operations.clock.now() {
        return Err(LicenseFault::Past.into());
    }
    let license = new_key();
    let mut row = MosipLicenseRow {
        tenant: caller.tenant().to_string(),
        digest: digest(license.expose()),
        provider: provider.to_owned(),
        expires: asked.expires.micros(),
        permissions: String::new(),
        log_index: -1,
        integrity: Vec::new(),
    };
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Ok((license, row))
}

/// Letters and digits, each as likely as every other: 95 bits.
fn new_key() -> SecretText {
    let mut text = String::with_capacity(LENGTH);
    while text.len() < LENGTH {
        // Of 256 values 248 fall evenly on 62 characters; the others are thrown away.
        let [byte] = random::bytes::<1>();
        if byte < 248 {
            text.extend(ALPHABET.get(usize::from(byte) % ALPHABET.len()).map(|byte| char::from(*byte)));
        }
    }
    SecretText::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn license_keys_are_letters_and_digits() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..500 {
            let key = new_key();
            assert!(key.expose().len() == LENGTH && key.expose().bytes().all(|byte| byte.is_ascii_alphanumeric()));
            seen.extend(key.expose().bytes());
        }
        assert_eq!(seen.len(), ALPHABET.len());
    }
}
