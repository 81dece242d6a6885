//! Verify a signature with a caller's key. The token is not needed.

use km_audit::EventKind;
use km_domain::{KeyPurpose, SecretBytes, SignatureAlgorithm};
use km_policy::Action;

use super::{Batch, conclude, key_event, usable};
use crate::{Caller, Key, Operation, OperationError, Operations};

/// A signature to be checked.
pub struct Claim {
    pub message: SecretBytes,
    pub signature: Vec<u8>,
    pub algorithm: Option<SignatureAlgorithm>,
    /// `ID.VERSION`; without it every version that may verify is tried.
    pub kid: Option<String>,
}

/// Says of every claim whether it holds.
pub fn verify(operations: &Operations, caller: &Caller, id: &str, claims: &[Claim]) -> Operation<Batch<bool>> {
    let keys = operations.keyring.keys();
    let key = match usable(operations, &keys, caller, Action::Verify, id, KeyPurpose::Sign) {
        Ok(key) => key,
        Err(error) => return caller.refuse(operations, EventKind::Verify, error),
    };
    let results = claims.iter().map(|claim| holds(&key, claim)).collect();
    conclude(&keys, key_event(operations, caller, EventKind::Verify, &key, None), results)
}

fn holds(key: &Key, claim: &Claim) -> Result<bool, OperationError> {
    let offered = key.algorithm.signatures();
    if claim.algorithm.is_some_and(|wished| !offered.contains(&wished)) {
        return Err(OperationError::invalid("algorithm", "is not one that the key can sign with"));
    }
    let algorithms = claim.algorithm.as_ref().map_or(offered, std::slice::from_ref);
    Ok(key
        .versions
        .values()
        .rev()
        .filter(|version| version.state.processes())
        .filter(|version| claim.kid.as_ref().is_none_or(|kid| *kid == version.stored.name.to_string()))
        .filter_map(|version| version.public())
        .any(|public| {
            algorithms
                .iter()
                .any(|algorithm| public.verify(*algorithm, claim.message.expose(), &claim.signature).is_ok())
        }))
}
