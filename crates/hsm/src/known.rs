//! Keys whose answers are known: they tell a token that fails from an input that is bad, call by call.

use cryptoki::error::{Error, Result};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;
use km_domain::KeyAlgorithm;

use crate::capabilities::Capabilities;
use crate::capability::Capability;
use crate::errors::{Fault, fault};
use crate::templates::{Lodging, Recipe, data_key, recipe};
use crate::wrapping::{Passing, Wrapping};

const QUESTION: &[u8] = b"is this the same key";
/// A key of its own encrypts this one message.
const IV: [u8; 12] = [0; 12];

/// Session objects of the session that made them.
pub(crate) struct Known {
    mac: (ObjectHandle, Vec<u8>),
    /// With its ciphertext of the question.
    cipher: Option<(ObjectHandle, Vec<u8>)>,
    /// With what it wrapped: another key.
    wrapping: Option<(ObjectHandle, Vec<u8>)>,
}

impl Known {
    /// Makes a key for each kind of call that the token can do.
    pub(crate) fn make(session: &Session, capabilities: &Capabilities) -> Result<Self> {
        let mac = made(session, KeyAlgorithm::HmacSha256, false, false)?;
        let mut known = Self { mac: (mac, code(session, mac)?), cipher: None, wrapping: None };
        if capabilities.has(Capability::AesGcm) {
            known.cipher = if_it_can(ciphered(session))?;
        }
        if capabilities.has(Capability::AesKeyWrap) {
            known.wrapping = if_it_can(wrapped(session))?;
        }
        Ok(known)
    }

    /// Whether all answer as they did.
    pub(crate) fn answer(&self, session: &Session) -> bool {
        let (key, known) = &self.mac;
        code(session, *key).is_ok_and(|answer| answer == *known)
            && self.cipher.as_ref().is_none_or(|(key, known)| opens(session, *key, known).unwrap_or(false))
            && self.wrapping.as_ref().is_none_or(|(key, known)| comes_back(session, *key, known).unwrap_or(false))
    }
}

fn made(session: &Session, algorithm: KeyAlgorithm, wraps: bool, extractable: bool) -> Result<ObjectHandle> {
    let Recipe::Secret(mechanism, mut template) = recipe(algorithm, wraps, &Lodging::Passing) else {
        return Err(Error::NotSupported);
    };
    template.retain(|attribute| !matches!(attribute, Attribute::Extractable(_)));
    template.push(Attribute::Extractable(extractable));
    session.generate_key(&mechanism, &template)
}

fn code(session: &Session, key: ObjectHandle) -> Result<Vec<u8>> {
    session.sign(&Mechanism::Sha256Hmac, key, QUESTION)
}

fn ciphered(session: &Session) -> Result<(ObjectHandle, Vec<u8>)> {
    let key = made(session, KeyAlgorithm::Aes256, false, false)?;
    Ok((key, sealed(session, key)?))
}

fn wrapped(session: &Session) -> Result<(ObjectHandle, Vec<u8>)> {
    let key = made(session, KeyAlgorithm::Aes256, true, false)?;
    let other = Passing::new(session, made(session, KeyAlgorithm::Aes256, false, true)?);
    Ok((key, Wrapping::KeyWrap.wrap(session, key, other.handle)?))
}

/// A list of mechanisms may promise more than is there.
fn if_it_can<T>(made: Result<T>) -> Result<Option<T>> {
    match made {
        Err(error) if matches!(fault(&error), Fault::Unsupported(_)) => Ok(None),
        made => made.map(Some),
    }
}

fn sealed(session: &Session, key: ObjectHandle) -> Result<Vec<u8>> {
    let mut iv = IV;
    session.encrypt(&Mechanism::AesGcm(GcmParams::new(&mut iv, &[], 128.into())?), key, QUESTION)
}

fn opens(session: &Session, key: ObjectHandle, known: &[u8]) -> Result<bool> {
    let mut iv = IV;
    let opened = session.decrypt(&Mechanism::AesGcm(GcmParams::new(&mut iv, &[], 128.into())?), key, known)?;
    Ok(opened == QUESTION && sealed(session, key)? == known)
}

/// RFC 3394 has no IV of its own: the same key has the same form again.
fn comes_back(session: &Session, key: ObjectHandle, known: &[u8]) -> Result<bool> {
    let back = Wrapping::KeyWrap.unwrap(session, key, known, &data_key(false))?;
    let back = Passing::new(session, back);
    Ok(Wrapping::KeyWrap.wrap(session, key, back.handle)? == known)
}
