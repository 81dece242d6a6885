//! What registration clients and services do with each other's machine keys (reference, section 3.15). A client's key comes with the
//! call. Where MOSIP has a key of its own in a file in a home directory, here are two in the token: the master key of a configured
//! application signs, a base key of it decrypts.

mod open;
mod public_key;
mod seal;
mod sign;
mod verify;

pub use open::{ToOpenClient, client_open};
pub use public_key::{ClientKeyUse, client_public_key};
pub use seal::{ClientType, ToSealClient, client_seal};
pub use sign::client_sign;
pub use verify::{ToVerifyClient, client_verify};

use km_crypto::PublicKey;
use km_formats::mosip::client_key::ClientKey;

use super::{Fault, KeyName, renew::rules};
use crate::{OperationError, Operations};

/// The reference of the key that decrypts.
const REFERENCE: &str = "CLIENT_CRYPTO";

/// The key that signs.
fn signing(operations: &Operations) -> Result<KeyName, OperationError> {
    let application = rules(operations)?.client_crypto_application.clone();
    Ok(KeyName { application, reference: String::new() })
}

/// The key that decrypts.
pub(in crate::mosip) fn decrypting(operations: &Operations) -> Result<KeyName, OperationError> {
    Ok(KeyName { reference: REFERENCE.to_owned(), ..signing(operations)? })
}

const FAILED: OperationError = OperationError::Mosip(Fault::ClientCrypto);

/// A client's key, and whether it is in a TPM. Refused: of another kind than RSA, or of a size that nobody should use.
fn client_key(bytes: &[u8]) -> Result<(PublicKey, bool), OperationError> {
    let (key, is_tpm) = match ClientKey::parse(bytes).map_err(|_| FAILED)? {
        ClientKey::Spki(der) => (PublicKey::from_spki_der(der).map_err(|_| FAILED)?, false),
        ClientKey::Tpm { modulus, exponent } => {
            let number = |bytes: &[u8]| bytes.iter().skip_while(|byte| **byte == 0).copied().collect();
            (PublicKey::Rsa { modulus: number(modulus), exponent: number(&exponent) }, true)
        }
    };
    key.check().map_err(|_| FAILED)?;
    if matches!(key, PublicKey::Rsa { .. }) { Ok((key, is_tpm)) } else { Err(FAILED) }
}
