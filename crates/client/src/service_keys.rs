//! The key manager's own public keys: fetched from the key manager only, each checked up to the pinned business root.

use std::collections::BTreeMap;

use km_crypto::PublicKey;
use km_domain::{KeyVersionRef, Timestamp};
use km_formats::jwk::{Jwk, JwkSet};
use km_x509::{Certificate, Usage, verify_chain};

use crate::{ClientError, jose};

/// Ids of the keys that a client looks for (a `kid` is `ID.VERSION`).
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
    /// Reads a JWK set. A key whose certificate does not lead to one of the roots (DER) at this moment is not used; the
    /// error says that no ingest key was left.
    pub fn from_jwks(jwks: &[u8], roots: &[Vec<u8>], at: Timestamp) -> Result<Self, ClientError> {
        let set = JwkSet::parse(jwks).map_err(|_| ClientError::NotProven("the JWK set is malformed"))?;
        let mut ingest: Option<(u32, IngestKey)> = None;
        let mut answers = BTreeMap::new();
        for jwk in &set.keys {
            let Some((kid, name)) = jwk.kid.as_deref().and_then(|kid| Some((kid, KeyVersionRef::parse(kid)?))) else {
                continue;
            };
            let usage = match (name.key.as_str(), jwk.usage.as_deref()) {
                (INGEST, Some("enc")) => Usage::Encryption,
                (ANSWER, Some("sig")) => Usage::Signing,
                _ => continue,
            };
            let Some(public) = certified(jwk, roots, at, usage) else { continue };
            if usage == Usage::Signing {
                answers.insert(kid.to_owned(), public);
            } else if ingest.as_ref().is_none_or(|(version, _)| *version < name.version) {
                ingest = Some((name.version, IngestKey { kid: kid.to_owned(), public }));
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

/// The key of a JWK whose certificate is for this very key, leads to a root, and allows the use.
fn certified(jwk: &Jwk, roots: &[Vec<u8>], at: Timestamp, usage: Usage) -> Option<PublicKey> {
    let public = jose::public_key(jwk)?;
    let (leaf, chain) = jwk.x5c.split_first()?;
    verify_chain(leaf, chain, roots, at, usage, &[]).ok()?;
    let certificate = Certificate::from_der(leaf).ok()?;
    (certificate.spki == public.to_spki_der()).then_some(public)
}
