//! JSON Web Encryption: sealed to a public key, opened by a key of the store.

use km_crypto::{
    PublicKey, aead,
    agreement::{EphemeralKey, on_curve_p256},
    hkdf::concat_kdf_sha256,
    oaep, random,
};
use km_domain::{KeyAlgorithm, RecordId, RegisterName, SecretBytes};
use km_formats::{
    jwe::{Header, KeyManagement, ParsedJwe, compact, protected},
    jwk::Jwk,
};
use km_keystore::{Agree, Decrypt, StoredKey};

use crate::{
    EnvelopeError,
    content_key::{self, decrypt_or_substitute, random_content_key},
    jwk::from_jwk,
};

/// The AlgorithmID of the key derivation, which for direct agreement is the value of `enc` (RFC 7518, section 4.6.2).
const CONTENT: &str = "A256GCM";

/// Whom a message is sealed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub kid: String,
    /// P-256 (ECDH-ES) or RSA (RSA-OAEP-256).
    pub public: PublicKey,
}

impl Recipient {
    /// The key of a JWK set, which must have a `kid` and must not be for signatures.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, EnvelopeError> {
        match (&jwk.kid, jwk.usage.as_deref()) {
            (Some(kid), None | Some("enc")) => Ok(Self { kid: kid.clone(), public: from_jwk(jwk)? }),
            _ => Err(EnvelopeError::Refused),
        }
    }
}

/// What a message says of itself outside, readable and authenticated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    pub typ: Option<String>,
    pub cty: Option<String>,
    pub register: Option<RegisterName>,
    pub record: Option<RecordId>,
}

impl Labels {
    /// A message of this type around a JWS (RFC 7519, section 5.2).
    pub fn around_jws(typ: &str) -> Self {
        Self { typ: Some(typ.to_owned()), cty: Some("JWT".to_owned()), register: None, record: None }
    }

    /// Which record of which register the message is for.
    pub fn for_record(self, register: RegisterName, record: RecordId) -> Self {
        Self { register: Some(register), record: Some(record), ..self }
    }
}

/// Seals a message to a recipient (RFC 7516, section 5.1): ECDH-ES with a new ephemeral key for P-256, RSA-OAEP-256
/// with a new content key for RSA. Returns the compact form. Refused: another kind of key, or one that is not valid.
pub fn seal_to(recipient: &Recipient, labels: &Labels, plaintext: &[u8]) -> Result<String, EnvelopeError> {
    let (management, content_key, encrypted_key) = match &recipient.public {
        PublicKey::P256(point) => {
            let ephemeral = EphemeralKey::generate()?;
            let epk = ephemeral.public().try_into().map_err(|_| EnvelopeError::Refused)?;
            let secret = ephemeral.agree(point)?;
            let key = concat_kdf_sha256(secret.expose(), CONTENT, b"", b"", content_key::LENGTH as u32)?;
            (KeyManagement::EcdhEs { epk, apu: None, apv: None }, key, Vec::new())
        }
        PublicKey::Rsa { .. } => {
            let key = random_content_key();
            let encrypted = oaep::encrypt_sha256(&recipient.public, key.expose())?;
            (KeyManagement::RsaOaep256, key, encrypted)
        }
        _ => return Err(EnvelopeError::Refused),
    };
    let protected = protected(&Header {
        management,
        kid: Some(recipient.kid.clone()),
        typ: labels.typ.clone(),
        cty: labels.cty.clone(),
        register: labels.register.clone(),
        record: labels.record,
    });
    let iv = random::bytes();
    let sealed = aead::seal(content_key.expose(), &iv, protected.as_bytes(), plaintext)?;
    Ok(compact(&protected, &encrypted_key, &iv, &sealed)?)
}

/// Opens a message (RFC 7516, section 5.2) with the recipient's key. The caller has found the key by the header's `kid`
/// and compares the header's `typ`, `register` and `record` with what it expects.
///
/// Whatever is wrong with the message gives [`EnvelopeError::Refused`]. The sender's point is checked before the store
/// sees it.
pub fn open<S: Agree + Decrypt + ?Sized>(
    jwe: &ParsedJwe,
    key: &StoredKey,
    store: &S,
) -> Result<SecretBytes, EnvelopeError> {
    let content_key = match &jwe.header.management {
        KeyManagement::EcdhEs { epk, apu, apv } => {
            if key.algorithm != KeyAlgorithm::P256 || !on_curve_p256(epk) {
                return Err(EnvelopeError::Refused);
            }
            let secret = store.agree(key, epk)?;
            let party = |part: &'_ Option<Vec<u8>>| part.clone().unwrap_or_default();
            concat_kdf_sha256(secret.expose(), CONTENT, &party(apu), &party(apv), content_key::LENGTH as u32)?
        }
        KeyManagement::RsaOaep256 => decrypt_or_substitute(&jwe.encrypted_key, key, store)?,
    };
    Ok(aead::open(content_key.expose(), &jwe.iv, jwe.aad.as_bytes(), &jwe.sealed)?)
}

#[cfg(test)]
#[path = "jwe_tests.rs"]
mod tests;
