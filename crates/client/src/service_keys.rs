//! The key manager's own public keys: fetched from the key manager only, each checked up to the pinned business root.

use std::collections::BTreeMap;

use km_crypto::PublicKey;
use km_domain::{KeyVersionRef, TenantId, Timestamp};
use km_formats::{json, jwk::Jwk};
use km_x509::{Certificate, Usage, verify_chain};
use serde_json::Value;

use crate::{ClientError, jose};

/// Ids of the two keys, the same in every tenant; nobody can make a key of these names.
const INGEST: &str = "ingest";
const ANSWER: &str = "answer";

/// The keys that a client encrypts to and believes.
pub struct ServiceKeys {
    ingest: IngestKey,
    answers: BTreeMap<String, PublicKey>,
}

/// The newest key to which records and search values are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestKey {
    pub kid: String,
    pub public: PublicKey,
}

impl ServiceKeys {
    /// Reads the JWK set of a tenant. A key whose certificate does not lead to one of the roots (DER) at this moment, is not for
    /// this very key, or does not carry its name, is not used; the error says that no ingest key was left.
    pub fn from_jwks(jwks: &[u8], tenant: &TenantId, roots: &[Vec<u8>], at: Timestamp) -> Result<Self, ClientError> {
        const MALFORMED: ClientError = ClientError::NotProven("the JWK set is malformed");
        let mut set = json::strict(jwks).map_err(|_| MALFORMED)?;
        let Some(Value::Array(keys)) = set.get_mut("keys").map(Value::take) else { return Err(MALFORMED) };
        let mut ingest: Option<(u32, IngestKey)> = None;
        let mut answers = BTreeMap::new();
        for key in keys {
            let (id, usage) = match (text(&key, "tenant"), text(&key, "purpose"), text(&key, "use")) {
                (Some(of), Some("ingest"), Some("enc")) if of == tenant.as_str() => (INGEST, Usage::Encryption),
                (Some(of), Some("answer"), Some("sig")) if of == tenant.as_str() => (ANSWER, Usage::Signing),
                _ => continue,
            };
            let Some((name, public)) = certified(key, roots, at, usage) else { continue };
            // What the set says of a key is not signed, its name in the certificate is: a caller's own signing key, certified
            // under the same root, must not pass for the answer key.
            if name.key.as_str() != id {
                continue;
            }
            match (usage, &public) {
                (Usage::Signing, _) => drop(answers.insert(name.to_string(), public)),
                (_, PublicKey::P256(_)) if ingest.as_ref().is_none_or(|(version, _)| *version < name.version) => {
                    ingest = Some((name.version, IngestKey { kid: name.to_string(), public }));
                }
                // An RSA ingest key is for older clients.
                _ => {}
            }
        }
        let (_, ingest) =
            ingest.ok_or(ClientError::NotProven("no ingest key has a certificate that leads to the pinned root"))?;
        Ok(Self { ingest, answers })
    }

    /// Keys without certificates, for tests of what is done with them.
    #[cfg(test)]
    pub(crate) fn of_test(ingest: &crate::KeyFile, answer: &crate::KeyFile) -> Self {
        Self {
            ingest: IngestKey { kid: "ingest.1".into(), public: ingest.public().clone() },
            answers: BTreeMap::from([("answer.1".to_owned(), answer.public().clone())]),
        }
    }

    pub fn ingest(&self) -> &IngestKey {
        &self.ingest
    }

    /// The answer key with this id. None: unknown, or not certified.
    pub fn answer(&self, kid: &str) -> Option<&PublicKey> {
        self.answers.get(kid)
    }
}

/// Name of the key to which keys are sealed on their way in.
const TRANSPORT: &str = "transport";

/// That key and its name, certified under one of the roots (DER) at this moment.
pub(crate) fn transport(jwk: Value, roots: &[Vec<u8>], at: Timestamp) -> Result<(String, PublicKey), ClientError> {
    let certified = certified(jwk, roots, at, Usage::Encryption).filter(|(name, _)| name.key.as_str() == TRANSPORT);
    let (name, public) =
        certified.ok_or(ClientError::NotProven("the transport key's certificate does not lead to the pinned root"))?;
    Ok((name.to_string(), public))
}

/// The key of a JWK and its name, if its certificate is for this very key under this name, leads to a root, and allows the use.
fn certified(key: Value, roots: &[Vec<u8>], at: Timestamp, usage: Usage) -> Option<(KeyVersionRef, PublicKey)> {
    let jwk = Jwk::from_value(key).ok()?;
    let kid = jwk.kid.as_deref()?;
    let public = jose::public_key(&jwk)?;
    let (leaf, chain) = jwk.x5c.split_first()?;
    verify_chain(leaf, chain, roots, at, usage, &[]).ok()?;
    let certificate = Certificate::from_der(leaf).ok()?;
    let is_its_own = certificate.spki == public.to_spki_der() && certificate.common_name.as_deref() == Some(kid);
    Some((KeyVersionRef::parse(kid)?, public)).filter(|_| is_its_own)
}

fn text<'a>(key: &'a Value, name: &str) -> Option<&'a str> {
    key.get(name).and_then(Value::as_str)
}
