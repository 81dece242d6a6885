//! The keys that sign tokens: P-256, in one file of the state folder, the newest first. Former keys stay in the key set, so
//! that tokens signed before a rotation hold until they end.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    crypto::{CryptoProvider, JwtSigner, KeyUtils},
    errors::{Error as JwtError, ErrorKind},
    signature::{self, Signer},
};
use km_crypto::{PublicKey, SoftwareKey, Unspecified, digest, pem};
use km_domain::{KeyAlgorithm, SignatureAlgorithm};
use km_service::{SecretFileError, StateError, config::read_secret_text, state::write_atomically};
use parking_lot::RwLock;
use serde_json::{Value, json};

/// The signing keys.
pub struct SigningKeys {
    file: PathBuf,
    keys: RwLock<Vec<SigningKey>>,
}

struct SigningKey {
    id: String,
    point: Vec<u8>,
    document: km_domain::SecretBytes,
}

/// Former keys that stay in the key set.
const FORMER: usize = 2;

/// Why there is no key to sign with.
#[derive(Debug)]
pub enum SigningError {
    File(SecretFileError),
    Write(StateError),
    Key,
    Token,
}

impl From<Unspecified> for SigningError {
    fn from(_: Unspecified) -> Self {
        Self::Key
    }
}

impl From<JwtError> for SigningError {
    fn from(_: JwtError) -> Self {
        Self::Token
    }
}

impl SigningKeys {
    /// Reads the keys, or makes the first one.
    pub fn open(file: PathBuf) -> Result<Self, SigningError> {
        // A provider that stands already is this one: nothing else in this program installs any.
        let _ = PROVIDER.install_default();
        let keys = Self { file, keys: RwLock::default() };
        if keys.file.exists() {
            let text = read_secret_text(&keys.file).map_err(SigningError::File)?;
            let documents = pem::decode(PEM_LABEL, &text)?;
            *keys.keys.write() = documents.iter().map(|document| signing_key(document)).collect::<Result<_, _>>()?;
        }
        if keys.keys.read().is_empty() {
            keys.rotate()?;
        }
        Ok(keys)
    }

    /// Makes a new key and signs with it from now on.
    pub fn rotate(&self) -> Result<(), SigningError> {
        let fresh = signing_key(SoftwareKey::generate(KeyAlgorithm::P256)?.to_pkcs8().expose())?;
        let mut keys = self.keys.write();
        let kept = keys.iter().take(FORMER).map(|key| key.document.expose());
        let text: String =
            std::iter::once(fresh.document.expose()).chain(kept).map(|der| pem::encode(PEM_LABEL, der)).collect();
        write_atomically(&self.file, text.as_bytes(), 0o600).map_err(SigningError::Write)?;
        keys.insert(0, fresh);
        keys.truncate(FORMER + 1);
        Ok(())
    }

    /// Signs claims with the newest key; `kind` is the header's `typ`.
    pub fn sign(&self, kind: &str, claims: &Value) -> Result<String, SigningError> {
        let keys = self.keys.read();
        let newest = keys.first().ok_or(SigningError::Key)?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(kind.to_owned());
        header.kid = Some(newest.id.clone());
        Ok(jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(newest.document.expose()))?)
    }

    /// The key set (RFC 7517).
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self.keys.read().iter().map(SigningKey::jwk).collect();
        json!({ "keys": keys })
    }
}

const PEM_LABEL: &str = "PRIVATE KEY";

fn signing_key(document: &[u8]) -> Result<SigningKey, Unspecified> {
    let key = SoftwareKey::from_pkcs8(document)?;
    let PublicKey::P256(point) = key.public() else { return Err(Unspecified) };
    Ok(SigningKey { id: thumbprint(point), point: point.clone(), document: key.to_pkcs8() })
}

/// RFC 7638, section 3.
fn thumbprint(point: &[u8]) -> String {
    let (x, y) = coordinates(point);
    URL_SAFE_NO_PAD.encode(digest::sha256(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes()))
}

fn coordinates(point: &[u8]) -> (String, String) {
    let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
    (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
}

impl SigningKey {
    fn jwk(&self) -> Value {
        let (x, y) = coordinates(&self.point);
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.id, "use": "sig", "alg": "ES256" })
    }
}

/// jsonwebtoken's cryptography here: ES256 signatures, and nothing else.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::ES256 => {
            let key = SoftwareKey::from_pkcs8(key.as_bytes()).map_err(|_| ErrorKind::InvalidEcdsaKey)?;
            Ok(Box::new(TokenSigner(key)))
        }
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    },
    verifier_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    key_utils: KeyUtils::new_unimplemented(),
};

struct TokenSigner(SoftwareKey);

impl Signer<Vec<u8>> for TokenSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.0.sign(SignatureAlgorithm::Es256, message).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for TokenSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_signs_with_a_new_key_and_keeps_the_former() {
        let folder = std::env::temp_dir().join(format!("dev-issuer-keys-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("signing-keys.pem");
        let keys = SigningKeys::open(file.clone()).unwrap();
        let first = keys.jwks()["keys"][0]["kid"].clone();
        keys.rotate().unwrap();
        let set = keys.jwks();
        assert_eq!((set["keys"].as_array().unwrap().len(), &set["keys"][1]["kid"]), (2, &first));
        assert_eq!(SigningKeys::open(file).unwrap().jwks(), set);
        for _ in 0..5 {
            keys.rotate().unwrap();
        }
        assert_eq!(keys.jwks()["keys"].as_array().unwrap().len(), FORMER + 1);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn rfc_7638_form() {
        let point = [&[4][..], &[1; 32], &[2; 32]].concat();
        assert_eq!(thumbprint(&point).len(), 43);
        assert_eq!(coordinates(&point), (URL_SAFE_NO_PAD.encode([1; 32]), URL_SAFE_NO_PAD.encode([2; 32])));
    }
}
