//! Seal a text as a JWE, to the current certificate of a base key or to one that the caller brings.

use km_audit::EventKind;
use km_crypto::PublicKey;
use km_domain::{SecretText, Timestamp};
use km_envelope::{
    EnvelopeError,
    mosip::{jwe, payload::Certified},
};
use km_formats::{
    base64url,
    mosip::jwe::{Content, Header},
};
use km_storage::Unrecorded;
use km_x509::Certificate;
use zeroize::Zeroizing;

use super::{
    Alias, Fault, KeyName,
    certificate::{about, current_or_due, unless_due},
    renew::rules,
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// What is to be sealed, and for whom.
pub struct ToSealMessage {
    pub name: KeyName,
    /// A signature in three parts, or base64url of JSON.
    pub text: SecretText,
    pub compressed: bool,
    pub with_certificate: bool,
    pub with_hash: bool,
    pub key_set_url: Option<String>,
    /// PEM. It stands for the certificate of the name.
    pub certificate: Option<String>,
}

/// A JWE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedMessage {
    /// Compact.
    pub jwe: String,
    pub now: Timestamp,
}

/// Seals, to RSA keys of 2048 bits only.
///
/// Errors: a master key; no policy for the application, or one that does not list the caller; a certificate that cannot be read, that
/// is outside its time, or whose key is of another kind; a text that is neither a signature nor JSON.
pub fn jwt_encrypt(operations: &Operations, caller: &Caller, asked: &ToSealMessage) -> Operation<SealedMessage> {
    let keys = operations.keyring.keys();
    match seal(operations, &keys, caller, asked) {
        Ok((alias, jwe)) => {
            let mut event = caller.event(operations, EventKind::Encrypt);
            if let Some(alias) = alias {
                about(&mut event, alias);
            }
            let sealed = SealedMessage { jwe, now: operations.clock.now() };
            Unrecorded::new(Ok(sealed), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::Encrypt, error),
    }
}

fn seal<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    asked: &ToSealMessage,
) -> Result<(Option<&'a Alias>, String), OperationError> {
    // 1. To whom?
    let (alias, certificate) = match &asked.certificate {
        Some(pem) => (None, &brought(operations, pem)?),
        None => {
            let alias = recipient(operations, keys, caller, &asked.name)?;
            (Some(alias), alias.certified()?)
        }
    };
    let PublicKey::Rsa { modulus, .. } = &certificate.public_key else {
        return Err(OperationError::Mosip(Fault::MasterEncrypts));
    };
    if modulus.len() != MODULUS {
        return Err(OperationError::Mosip(Fault::MasterEncrypts));
    }
    // 2. What?
    let content = content(asked.text.expose())?;
    // 3. Under a key drawn for this call.
    let thumbprint = km_crypto::digest::sha256(&certificate.der);
    let to = Certified { public: certificate.public_key.clone(), thumbprint };
    let header = Header {
        compressed: asked.compressed,
        certificate: asked.with_certificate.then_some(certificate.der.as_slice()),
        with_hash: asked.with_hash,
        key_set_url: asked.key_set_url.as_deref(),
        ..Header::default()
    };
    match jwe::seal(&to, &header, content) {
        Err(EnvelopeError::Refused) => Err(OperationError::Mosip(Fault::NotSealed)),
        sealed => Ok((alias, sealed?)),
    }
}

/// Bytes of the modulus of a key that messages are sealed to.
const MODULUS: usize = 256;

/// The certificate that the caller brought. MOSIP passes one over that it cannot read, and seals to another.
fn brought(operations: &Operations, pem: &str) -> Result<Certificate, OperationError> {
    let certificate = Certificate::from_pem(pem).map_err(|_| OperationError::Mosip(Fault::CertificateMalformed))?;
    if !certificate.is_valid_at(operations.clock.now()) {
        return Err(OperationError::Mosip(Fault::RecipientOutOfTime));
    }
    Ok(certificate)
}

/// The current alias of the name, if the caller may use it.
fn recipient<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    name: &KeyName,
) -> Result<&'a Alias, OperationError> {
    if name.application.trim().is_empty() {
        return Err(OperationError::invalid("applicationId", "should not be null or empty"));
    }
    if name.never_encrypts() {
        return Err(OperationError::Mosip(Fault::MasterEncrypts));
    }
    if !rules(operations)?.admit_user(keys, caller, name) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    current_or_due(operations, keys, caller, name)
}

/// What is sealed: a signature as it stands, or the JSON that the text stands for.
fn content(text: &str) -> Result<Zeroizing<Vec<u8>>, OperationError> {
    match Content::of(text) {
        Content::Nested => Ok(Zeroizing::new(text.as_bytes().to_vec())),
        Content::Encoded => {
            let decoded = base64url::decode(text).map_err(|_| OperationError::Mosip(Fault::NotBase64))?;
            let decoded = Zeroizing::new(decoded);
            match serde_json::from_slice::<serde::de::IgnoredAny>(&decoded) {
                Ok(_) => Ok(decoded),
                Err(_) => Err(OperationError::Mosip(Fault::NotJson)),
            }
        }
    }
}
