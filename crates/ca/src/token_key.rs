//! A key behind `keystore`, in the form in which rcgen asks for signatures.

use std::cell::RefCell;

use km_crypto::PublicKey;
use km_domain::SignatureAlgorithm;
use km_keystore::{KeyStoreError, Sign, StoredKey};
use km_x509::Certificate;
use rcgen::{CertificateParams, KeyIdMethod};

use crate::{CaError, secp256k1};

/// An issuing key. Lives as long as one issuance.
pub struct TokenKey<'a> {
    store: &'a dyn Sign,
    key: &'a StoredKey,
    algorithm: SignatureAlgorithm,
    public: rcgen::SubjectPublicKeyInfo,
    /// What the store answered: rcgen's error has no room for it.
    failure: RefCell<Option<KeyStoreError>>,
}

impl<'a> TokenKey<'a> {
    /// Errors: a symmetric key, a key without its public half.
    pub fn new(store: &'a dyn Sign, key: &'a StoredKey) -> Result<Self, CaError> {
        let algorithm = key.algorithm.signatures().first().copied().ok_or(CaError::Key("it makes no signatures"))?;
        let public = key.public.as_ref().ok_or(CaError::Key("its public half is not known"))?;
        Ok(Self { store, key, algorithm, public: key_information(public)?, failure: RefCell::new(None) })
    }

    /// Turns an error of rcgen's into ours: the store's own, if it was the store.
    pub(crate) fn explain(&self, error: &rcgen::Error) -> CaError {
        match (self.failure.borrow_mut().take(), error) {
            (Some(failure), _) => CaError::Store(failure),
            (None, rcgen::Error::IssuerNotCrlSigner) => CaError::Refused("the issuer may not sign revocation lists"),
            (None, rcgen::Error::InvalidCrlNextUpdate) => CaError::Refused("the revocation list ends before it begins"),
            (None, _) => CaError::Lint("it could not be laid out"),
        }
    }
}

/// A certificate for a public key, signed by the issuer's key and read back.
pub(crate) fn signed(
    mut params: CertificateParams,
    public: &PublicKey,
    issuer: &rcgen::Issuer<'_, TokenKey<'_>>,
) -> Result<Certificate, CaError> {
    if matches!(public, PublicKey::Secp256k1(_)) {
        // What rcgen does by default, but over the key itself.
        params.key_identifier_method = KeyIdMethod::PreSpecified(public.spki_sha256()[..20].to_vec());
    }
    let made = params.signed_by(&key_information(public)?, issuer).map_err(|error| issuer.key().explain(&error))?;
    Ok(match public {
        PublicKey::Secp256k1(point) => Certificate::from_der(&secp256k1::respelled(made.der(), point, issuer.key())?)?,
        _ => Certificate::from_der(made.der())?,
    })
}

/// A public key as rcgen takes it. The algorithm that rcgen associates is by kind of key; for a subject it only fixes the
/// key's own object identifiers, which the lint compares byte by byte. A key on secp256k1 has a stand-in.
fn key_information(public: &PublicKey) -> Result<rcgen::SubjectPublicKeyInfo, CaError> {
    let spki = match public {
        PublicKey::Secp256k1(point) => secp256k1::stand_in(point),
        other => other.to_spki_der(),
    };
    rcgen::SubjectPublicKeyInfo::from_der(&spki).map_err(|_| CaError::Key("its kind has no place in a certificate"))
}

impl rcgen::PublicKeyData for TokenKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.public.algorithm()
    }
}

impl rcgen::SigningKey for TokenKey<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.store.sign(self.key, self.algorithm, message).map_err(|failure| {
            self.failure.replace(Some(failure));
            rcgen::Error::RemoteKeyError
        })?;
        match self.algorithm {
            SignatureAlgorithm::Es256 | SignatureAlgorithm::Es384 | SignatureAlgorithm::Es256K => {
                Ok(km_crypto::ecdsa::ecdsa_der(&signature))
            }
            SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256 | SignatureAlgorithm::EdDsa => Ok(signature),
        }
    }
}
