//! How keys are wrapped under a root. Always authenticated; the name is kept beside each blob, because tokens differ in
//! what they offer and a blob outlives a token's firmware.

use cryptoki::context::Function;
use cryptoki::error::{Error, Result, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// RFC 3394: secret keys whose length is a multiple of 8 bytes.
    KeyWrap,
    /// RFC 5649: of any length, so for private keys in PKCS#8 form.
    KeyWrapPad,
    /// AES-GCM with a random 12-byte IV before the ciphertext.
    Gcm,
}

impl Wrapping {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::KeyWrap => "CKM_AES_KEY_WRAP",
            Self::KeyWrapPad => "CKM_AES_KEY_WRAP_PAD",
            Self::Gcm => "CKM_AES_GCM",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::KeyWrap, Self::KeyWrapPad, Self::Gcm].into_iter().find(|wrapping| wrapping.name() == name)
    }

    pub(crate) fn wrap(self, session: &Session, root: ObjectHandle, key: ObjectHandle) -> Result<Vec<u8>> {
        match self {
            Self::KeyWrap => session.wrap_key(&Mechanism::AesKeyWrap, root, key),
            Self::KeyWrapPad => session.wrap_key(&Mechanism::AesKeyWrapPad, root, key),
            Self::Gcm => {
                let mut iv: [u8; 12] = km_crypto::random::bytes();
                let mut blob = iv.to_vec();
                let mechanism = Mechanism::AesGcm(GcmParams::new(&mut iv, &[], 128.into())?);
                blob.extend(session.wrap_key(&mechanism, root, key)?);
                Ok(blob)
            }
        }
    }

    pub(crate) fn unwrap(
        self,
        session: &Session,
        root: ObjectHandle,
        blob: &[u8],
        template: &[Attribute],
    ) -> Result<ObjectHandle> {
        match self {
            Self::KeyWrap => session.unwrap_key(&Mechanism::AesKeyWrap, root, blob, template),
            Self::KeyWrapPad => session.unwrap_key(&Mechanism::AesKeyWrapPad, root, blob, template),
            Self::Gcm => {
                let Some((iv, wrapped)) = blob.split_first_chunk::<12>() else {
                    return Err(Error::Pkcs11(RvError::WrappedKeyLenRange, Function::UnwrapKey));
                };
                let mut iv = *iv;
                let mechanism = Mechanism::AesGcm(GcmParams::new(&mut iv, &[], 128.into())?);
                session.unwrap_key(&mechanism, root, wrapped, template)
            }
        }
    }
}

/// A session object that lives for one call.
pub(crate) struct Passing<'a> {
    session: &'a Session,
    pub(crate) handle: ObjectHandle,
}

impl<'a> Passing<'a> {
    pub(crate) fn new(session: &'a Session, handle: ObjectHandle) -> Self {
        Self { session, handle }
    }
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        // If it cannot be destroyed, the session is lost, and the object with it.
        let _ = self.session.destroy_object(self.handle);
    }
}
