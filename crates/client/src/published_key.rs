//! Callers' public keys in the forms that stock tools read: SubjectPublicKeyInfo in PEM (RFC 7468), ECDSA signatures in DER
//! (RFC 3279, section 2.2.3).

use km_crypto::{
    ecdsa::{ecdsa_der, ecdsa_fixed},
    pem,
};
use km_domain::{KeyId, KeyVersionRef, SignatureAlgorithm, TenantId};
use km_formats::{json, jwk::Jwk};
use serde_json::Value;

use crate::{ClientError, jose};

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    pub name: KeyVersionRef,
    /// One `PUBLIC KEY` block.
    pub pem: String,
}

impl PublishedKey {
    /// Finds a key of a tenant in a JWK set (RFC 7517) that the key manager published: this version, or the newest. None: it is
    /// not published.
    pub fn find(
        jwks: &[u8],
        tenant: &TenantId,
        key: &KeyId,
        version: Option<u32>,
    ) -> Result<Option<Self>, ClientError> {
        const MALFORMED: ClientError = ClientError::NotProven("the JWK set is malformed");
        let mut set = json::strict(jwks).map_err(|_| MALFORMED)?;
        let Some(Value::Array(keys)) = set.get_mut("keys").map(Value::take) else { return Err(MALFORMED) };
        let mut found: Option<(KeyVersionRef, Jwk)> = None;
        for member in keys {
            if member.get("tenant").and_then(Value::as_str) != Some(tenant.as_str()) {
                continue;
            }
            let Ok(jwk) = Jwk::from_value(member) else { continue };
            let Some(name) = jwk.kid.as_deref().and_then(KeyVersionRef::parse) else { continue };
            let is_wanted = name.key == *key && version.is_none_or(|version| version == name.version);
            if is_wanted && found.as_ref().is_none_or(|(other, _)| other.version < name.version) {
                found = Some((name, jwk));
            }
        }
        let Some((name, jwk)) = found else { return Ok(None) };
        let public = jose::public_key(&jwk).ok_or(ClientError::NotProven("the published key is no public key"))?;
        Ok(Some(Self { name, pem: pem::encode("PUBLIC KEY", &public.to_spki_der()) }))
    }
}

/// A signature as stock tools read it: ECDSA from fixed length to DER, others unchanged.
pub fn signature_for_stock_tools(algorithm: SignatureAlgorithm, signature: Vec<u8>) -> Vec<u8> {
    if width(algorithm).is_some() { ecdsa_der(&signature) } else { signature }
}

/// The way back. Refused: ECDSA that is not in DER.
pub fn signature_of_stock_tools(algorithm: SignatureAlgorithm, signature: Vec<u8>) -> Result<Vec<u8>, ClientError> {
    match width(algorithm) {
        None => Ok(signature),
        Some(width) => ecdsa_fixed(&signature, width)
            .map_err(|_| ClientError::Setup(format!("the signature is not {algorithm} in DER"))),
    }
}

/// Bytes of one number of an ECDSA signature.
const fn width(algorithm: SignatureAlgorithm) -> Option<usize> {
    match algorithm {
        SignatureAlgorithm::Es256 | SignatureAlgorithm::Es256K => Some(32),
        SignatureAlgorithm::Es384 => Some(48),
        SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256 | SignatureAlgorithm::EdDsa => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::KeyFile;

    fn member(key: &KeyFile, tenant: &str, kid: &str) -> Value {
        let mut jwk = jose::jwk(key.public()).unwrap();
        jwk["kid"] = json!(kid);
        jwk["tenant"] = json!(tenant);
        jwk
    }

    #[test]
    fn the_newest_version_of_the_tenants_own_key_is_found() {
        let [old, new, foreign] = [(); 3].map(|()| KeyFile::generate().unwrap());
        let set = json!({"keys": [member(&old, "demo", "sign.1"), member(&new, "demo", "sign.2"),
                                  member(&foreign, "other", "sign.3"), {"kty": "odd", "tenant": "demo", "kid": "x.1"}]})
        .to_string();
        let (tenant, key) = ("demo".parse().unwrap(), "sign".parse().unwrap());
        let find = |version| PublishedKey::find(set.as_bytes(), &tenant, &key, version).ok().unwrap();
        let spki = |key: &KeyFile| pem::encode("PUBLIC KEY", &key.public().to_spki_der());
        let newest = find(None).unwrap();
        assert_eq!((newest.name.to_string().as_str(), newest.pem), ("sign.2", spki(&new)));
        assert_eq!(find(Some(1)).unwrap().pem, spki(&old));
        assert_eq!(find(Some(3)), None);
    }

    #[test]
    fn ecdsa_changes_its_form_and_comes_back() {
        let fixed = [7u8; 64].to_vec();
        let der = signature_for_stock_tools(SignatureAlgorithm::Es256, fixed.clone());
        assert_ne!(der, fixed);
        assert_eq!(signature_of_stock_tools(SignatureAlgorithm::Es256, der).ok(), Some(fixed.clone()));
        assert!(signature_of_stock_tools(SignatureAlgorithm::Es256, fixed.clone()).is_err());
        assert_eq!(signature_for_stock_tools(SignatureAlgorithm::Rs256, fixed.clone()), fixed);
    }
}
