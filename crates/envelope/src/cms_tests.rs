use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use km_domain::{Clock, KeyAlgorithm, KeyVersionRef, SystemClock};
use km_formats::cms::parse;
use km_keystore::{KeyStoreError, Residence};

use super::*;

/// A throw-away root and a leaf under it, made by stock `openssl`, whose key also signs: what we lay out is measured
/// against another implementation.
struct Stock {
    folder: PathBuf,
    algorithm: KeyAlgorithm,
}

impl Stock {
    fn new(algorithm: KeyAlgorithm) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("km-envelope-cms-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let stock = Self { folder, algorithm };
        let kind = match algorithm {
            KeyAlgorithm::P256 => "ec -pkeyopt ec_paramgen_curve:P-256",
            _ => "rsa:2048",
        };
        fs::write(stock.folder.join("ext"), "keyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n")
            .unwrap();
        assert!(stock.run(&format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out evidence-root.pem \
             -days 30 -subj /CN=root -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign && \
             openssl req -newkey {kind} -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf && \
             openssl x509 -req -in leaf.csr -CA evidence-root.pem -CAkey root.key -CAcreateserial -days 30 -sha256 \
             -extfile ext -outform DER -out leaf.der"
        )));
        stock
    }

    fn run(&self, command: &str) -> bool {
        Command::new("sh").arg("-c").arg(command).current_dir(&self.folder).output().unwrap().status.success()
    }

    fn key(&self) -> StoredKey {
        StoredKey {
            name: KeyVersionRef::parse("signer.1").unwrap(),
            algorithm: self.algorithm,
            residence: Residence::Resident { object: vec![1] },
            public: None,
        }
    }

    fn sign_sums(&self, sums: &[u8]) -> Vec<u8> {
        let certificate = fs::read(self.folder.join("leaf.der")).unwrap();
        sign_detached(self, &self.key(), &certificate, &[], sums, SystemClock.now()).unwrap()
    }

    fn accepts(&self, sums: &[u8], signature: &[u8]) -> bool {
        fs::write(self.folder.join("SHA256SUMS"), sums).unwrap();
        fs::write(self.folder.join("SHA256SUMS.p7s"), signature).unwrap();
        self.run(
            "openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS \
             -CAfile evidence-root.pem -no-CApath -no-CAstore -out /dev/null",
        )
    }
}

impl Sign for Stock {
    fn sign(&self, _: &StoredKey, _: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        fs::write(self.folder.join("message"), message).unwrap();
        assert!(self.run("openssl dgst -sha256 -sign leaf.key -out signature message"));
        let signature = fs::read(self.folder.join("signature")).unwrap();
        match self.algorithm {
            KeyAlgorithm::P256 => Ok(km_crypto::ecdsa::ecdsa_fixed(&signature, 32).unwrap()),
            _ => Ok(signature),
        }
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

#[test]
fn stock_openssl_accepts_it_and_refuses_other_content() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Rsa2048] {
        let stock = Stock::new(algorithm);
        let signature = stock.sign_sums(b"sums\n");
        assert!(stock.accepts(b"sums\n", &signature), "{algorithm}");
        assert!(!stock.accepts(b"sumt\n", &signature), "{algorithm}");
    }
}

#[test]
fn it_comes_apart_into_what_was_signed() {
    let stock = Stock::new(KeyAlgorithm::P256);
    let signature = stock.sign_sums(b"sums\n");
    let parsed = parse(&signature).unwrap();
    assert_eq!(parsed.content_sha256, sha256(b"sums\n"));
    assert_eq!(parsed.certificate_sha256, sha256(&parsed.certificate));
    assert!(parsed.chain.is_empty());
    for end in [0, 1, signature.len() / 2, signature.len() - 1] {
        assert!(parse(&signature[..end]).is_err());
    }
    assert!(parse(&[signature.as_slice(), &[0]].concat()).is_err(), "trailing bytes");
    for place in 0..signature.len() {
        let mut altered = signature.clone();
        altered[place] ^= 1;
        assert_ne!(parse(&altered).as_ref(), Ok(&parsed), "byte {place} has no meaning");
    }
}

#[test]
fn keys_that_stock_verifiers_do_not_take_are_refused() {
    let mut stock = Stock::new(KeyAlgorithm::P256);
    stock.algorithm = KeyAlgorithm::Ed25519;
    let certificate = fs::read(stock.folder.join("leaf.der")).unwrap();
    let refused = sign_detached(&stock, &stock.key(), &certificate, &[], b"x", SystemClock.now());
    assert_eq!(refused, Err(EnvelopeError::Refused));
}
