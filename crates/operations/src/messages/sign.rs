//! Sign with a caller's key, inside the token.

use km_audit::EventKind;
use km_domain::{KeyPurpose, SecretBytes, SignatureAlgorithm};
use km_policy::Action;

use super::{Batch, conclude, key_event, usable};
use crate::{Caller, Operation, OperationError, Operations};

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// In JOSE form: for ECDSA r and s of fixed length, one after the other (RFC 7518, section 3.4).
    pub signature: Vec<u8>,
    pub algorithm: SignatureAlgorithm,
    pub kid: String,
}

/// Signs every message with the key's current version; without a wish, with the first algorithm of its kind.
pub fn sign(
    operations: &Operations,
    caller: &Caller,
    id: &str,
    items: &[(SecretBytes, Option<SignatureAlgorithm>)],
) -> Operation<Batch<Signed>> {
    let keys = operations.keyring.keys();
    let key = match usable(operations, &keys, caller, Action::Sign, id, KeyPurpose::Sign) {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::Sign, error),
    };
    let version = match key.current() {
        Ok(version) => version,
        Err(error) => return caller.refuse(operations, EventKind::Sign, error),
    };
    let offered = key.algorithm.signatures();
    let results = items
        .iter()
        .map(|(message, wished)| {
            let algorithm = match wished {
                None => offered.first().copied(),
                Some(wished) => offered.iter().copied().find(|offered| offered == wished),
            };
            let algorithm = algorithm
                .ok_or_else(|| OperationError::invalid("algorithm", "is not one that the key can sign with"))?;
            let signature = operations.keys.sign(&version.stored, algorithm, message.expose())?;
            Ok(Signed { signature, algorithm, kid: version.stored.name.to_string() })
        })
        .collect();
    conclude(&keys, key_event(operations, caller, EventKind::Sign, &key, Some(version.number)), results)
}
