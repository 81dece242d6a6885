use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use km_crypto::SoftwareKey;
use km_domain::{Clock, KeyAlgorithm, KeyVersionRef, SignatureAlgorithm, SystemClock};
use km_formats::{
    base64url::encode,
    pdf::{Look, prepare},
};
use km_keystore::{KeyStoreError, Residence};
use serde_json::json;

use super::*;
use crate::python_tests::read_ours;

/// A key of stock `openssl`, and its certificate by a throw-away root.
struct Stock(PathBuf);

impl Stock {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("km-envelope-pdf-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("ext"), "keyUsage=critical,digitalSignature\n").unwrap();
        let stock = Self(folder);
        stock.run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 30 \
             -subj /CN=root -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign && \
             openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf && \
             openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -sha256 -extfile ext \
             -outform DER -out leaf.der && openssl x509 -in root.pem -outform DER -out root.der && \
             openssl pkcs8 -topk8 -nocrypt -in leaf.key -outform DER -out leaf.p8",
        );
        stock
    }

    fn run(&self, command: &str) {
        assert!(Command::new("sh").arg("-c").arg(command).current_dir(&self.0).output().unwrap().status.success());
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    fn signed(&self, pdf: &[u8], page: usize, rectangle: [u32; 4]) -> Vec<u8> {
        let (certificate, now) = (self.read("leaf.der"), SystemClock.now());
        let look = Look { page, rectangle, reason: "Grund (ä) ሰላም", name: "leaf", moment: now };
        let prepared = prepare(pdf, &look, room(&certificate, &[])).unwrap();
        let key = StoredKey {
            name: KeyVersionRef::parse("signer.1").unwrap(),
            algorithm: KeyAlgorithm::P256,
            residence: Residence::Resident { object: vec![1] },
            public: None,
        };
        sign(self, &key, &certificate, &[], prepared, now).unwrap()
    }
}

impl Sign for Stock {
    fn sign(&self, _: &StoredKey, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        let key = SoftwareKey::from_pkcs8(&self.read("leaf.p8")).unwrap();
        key.sign(algorithm, message).map_err(|_| KeyStoreError::Refused)
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn another_program_takes_the_signatures() {
    let stock = Stock::new();
    let seen = [10, 20, 210, 80];
    let mut signed = Vec::new();
    for pdf in [
        &include_bytes!("../../../tests/fixtures/pdf/table.pdf")[..],
        include_bytes!("../../../tests/fixtures/pdf/stream.pdf"),
        include_bytes!("../../../tests/fixtures/pdf/form.pdf"),
        include_bytes!("../../../tests/fixtures/pdf/linear.pdf"),
        include_bytes!("../../../tests/fixtures/pdf/updated.pdf"),
    ] {
        signed.push(stock.signed(pdf, 0, seen));
    }
    // The last page; unseen; a second signature behind the first.
    signed.push(stock.signed(include_bytes!("../../../tests/fixtures/pdf/table.pdf"), 2, [0; 4]));
    signed.push(stock.signed(&signed[0], 1, seen));
    signed.push(stock.signed(&signed[1], 1, seen));
    let documents: Vec<String> = signed.iter().map(encode).collect();
    let request = json!({ "root": encode(stock.read("root.der")), "documents": documents });
    let Some(found) = read_ours("pdf", &request) else { return };
    for (at, document) in found.as_array().unwrap().iter().enumerate() {
        let signatures = document.as_array().unwrap();
        assert_eq!(signatures.len(), if at < 6 { 1 } else { 2 }, "{at}");
        for one in signatures {
            let all = ["intact", "valid", "trusted", "bottom_line"].map(|name| one[name].as_bool());
            assert_eq!(all, [Some(true); 4], "{at}: {one}");
            assert_eq!((one["reason"].as_str(), one["name"].as_str()), (Some("Grund (ä) ሰላም"), Some("leaf")));
        }
        assert_eq!(signatures.last().unwrap()["coverage"], "ENTIRE_FILE", "{at}");
    }
}

#[test]
fn a_changed_document_is_noticed_by_it() {
    let stock = Stock::new();
    let mut signed = stock.signed(include_bytes!("../../../tests/fixtures/pdf/table.pdf"), 0, [0; 4]);
    let at = signed.windows(9).position(|window| window == b"ReportLab").unwrap();
    signed[at] = b'r';
    let request = json!({ "root": encode(stock.read("root.der")), "documents": [encode(&signed)] });
    if let Some(found) = read_ours("pdf", &request) {
        assert_eq!(found[0][0]["intact"], false);
    }
}
