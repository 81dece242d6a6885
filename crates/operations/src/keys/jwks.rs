//! Public keys as a JSON Web Key Set (RFC 7517): what clients encrypt to, and what they check signatures with.

use km_domain::{KeyAlgorithm, KeyPurpose, TenantId};
use serde_json::{Value, json};

use crate::{Key, OperationError, Operations, Version};

/// The public keys of one tenant and of the installation; of all tenants where none is named. Of an ingest key only the
/// current version; of signing keys every version that may verify. Each names its tenant.
pub fn jwks(operations: &Operations, tenant: Option<&TenantId>) -> Result<Vec<Value>, OperationError> {
    let keys = operations.keyring.keys();
    let mut wanted: Vec<_> =
        keys.all().filter(|key| tenant.is_none_or(|tenant| key.tenant == *tenant || key.tenant.is_system())).collect();
    wanted.sort_by(|a, b| (&a.tenant, &a.id).cmp(&(&b.tenant, &b.id)));
    let mut set = Vec::new();
    for key in wanted {
        match key.purpose {
            KeyPurpose::Ingest => set.extend(entry(key, key.current()?, "enc")?),
            KeyPurpose::Decrypt => {
                set.extend(key.current().ok().map(|version| entry(key, version, "enc")).transpose()?.flatten())
            }
            KeyPurpose::Answer | KeyPurpose::Sign | KeyPurpose::Checkpoint | KeyPurpose::EvidenceSigner => {
                for version in key.live() {
                    set.extend(entry(key, version, "sig")?);
                }
            }
            _ => {}
        }
    }
    Ok(set)
}

/// The key to which keys are sealed on their way in, as [`jwks`] shows others.
pub(crate) fn transport_jwk(key: &Key, version: &Version) -> Result<Option<Value>, OperationError> {
    entry(key, version, "enc")
}

fn entry(key: &Key, version: &Version, usage: &str) -> Result<Option<Value>, OperationError> {
    let Some(public) = version.public() else { return Ok(None) };
    let mut jwk = km_envelope::jwk::to_jwk(public)?;
    jwk.kid = Some(version.stored.name.to_string());
    jwk.usage = Some(usage.to_owned());
    jwk.alg = match (usage, key.algorithm) {
        ("enc", KeyAlgorithm::P256) => Some("ECDH-ES".to_owned()),
        ("enc", _) => Some("RSA-OAEP-256".to_owned()),
        // An RSA key signs both ways: no one algorithm can be named.
        (_, KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096) => None,
        (_, algorithm) => algorithm.signatures().first().map(|algorithm| algorithm.name().to_owned()),
    };
    jwk.x5c.clone_from(&version.certificates);
    let mut value = jwk.to_value();
    if let Some(members) = value.as_object_mut() {
        members.insert("tenant".into(), json!(key.tenant));
        members.insert("purpose".into(), json!(key.purpose));
    }
    Ok(Some(value))
}
