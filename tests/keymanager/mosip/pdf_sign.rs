//! `POST /pdf/sign`

use km_tests::mosip::TIME;
use km_tests::openssl::openssl;
use km_tests::{Client, System, base64url, from_base64url, on_both};
use serde_json::{Value, json};

use super::{current, file, from_hex, on_p256};

const TABLE: &[u8] = include_bytes!("../../fixtures/pdf/table.pdf");
const STREAM: &[u8] = include_bytes!("../../fixtures/pdf/stream.pdf");

fn asked(pdf: &[u8], more: Value) -> Value {
    let mut request = json!({"applicationId": "OPENG2P", "referenceId": "", "timeStamp": TIME, "data": base64url(pdf), "lowerLeftX": 10, "lowerLeftY": 20, "upperRightX": 210, "upperRightY": 80, "reason": "Issued (test)", "pageNumber": 1, "password": ""});
    request.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
    request
}

#[track_caller]
fn signed(client: &Client, pdf: &[u8], more: Value) -> Vec<u8> {
    from_base64url(client.ask_mosip("/pdf/sign", asked(pdf, more)).response()["data"].as_str().expect("a document"))
}

/// What is signed, and the signature, as its ranges say.
fn taken_apart(pdf: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let text = String::from_utf8_lossy(pdf).into_owned();
    let ranges = text.rsplit("/ByteRange [").next().expect("ranges").split(']').next().expect("an end");
    let numbers: Vec<usize> = ranges.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let [0, before, behind, length] = numbers[..] else { panic!("{ranges}") };
    assert_eq!(behind + length, pdf.len(), "the whole document is signed");
    let hex = std::str::from_utf8(&pdf[before + 1..behind - 1]).expect("hex");
    let signature = from_hex(hex);
    let length = 4 + usize::from(signature[2]) * 256 + usize::from(signature[3]);
    ([&pdf[..before], &pdf[behind..]].concat(), signature[..length].to_vec())
}

/// Whether stock openssl takes the signature, under this root.
fn openssl_takes(system: &System, pdf: &[u8], root: &Value, changed: bool) -> bool {
    let (mut content, signature) = taken_apart(pdf);
    if changed {
        content[100] ^= 1;
    }
    let root = file(system, root.as_str().expect("PEM"));
    let (said, der) = (root.with_extension("content"), root.with_extension("p7s"));
    std::fs::write(&said, content).expect("a file");
    std::fs::write(&der, signature).expect("a file");
    let arguments = format!(
        "cms -verify -binary -inform DER -purpose any -in {} -content {} -CAfile {} -out /dev/null",
        der.display(),
        said.display(),
        root.display()
    );
    openssl(&arguments, &[]).code == Some(0)
}

on_both! {
    fn the_document_stays_and_openssl_takes_the_signature(system: &System) {
        let backend = system.mosip("backend");
        let root = current(&backend, "ROOT", "")["certificate"].clone();
        on_p256(&backend, "OPENG2P");
        for (pdf, reference) in [(TABLE, ""), (STREAM, ""), (TABLE, "EC_SECP256R1_SIGN")] {
            let end = system.log_end();
            let answer = backend.ask_mosip("/pdf/sign", asked(pdf, json!({"referenceId": reference})));
            system.events_of(end, &answer.request_id).is("crypto.sign", "done", "");
            let out = from_base64url(answer.response()["data"].as_str().expect("a document"));
            assert!(out.starts_with(pdf));
            assert!(openssl_takes(system, &out, &root, false), "{reference}");
            assert!(!openssl_takes(system, &out, &root, true), "a changed document");
            let again = signed(&backend, &out, json!({"pageNumber": 2}));
            assert!(again.starts_with(&out) && openssl_takes(system, &again, &root, false));
        }
    }

    fn pages_and_places_that_are_not_there_are_refused(system: &System) {
        let backend = system.mosip("backend");
        for page in [0, 1, 3] {
            signed(&backend, TABLE, json!({"pageNumber": page, "lowerLeftX": null, "lowerLeftY": null, "upperRightX": null, "upperRightY": null}));
        }
        for (more, text) in [
            (json!({"pageNumber": 4}), "request.pageNumber must be the number of a page"),
            (json!({"pageNumber": -1}), "request.pageNumber must be a number from 0 to 14400"),
            (json!({"lowerLeftX": 211}), "request.upperRightX and upperRightY must not be less than lowerLeftX and lowerLeftY"),
            (json!({"lowerLeftY": 0, "upperRightY": 1e9}), "request.upperRightY must be a number from 0 to 14400"),
            (json!({"reason": " "}), "request.reason must not be blank"),
            (json!({"password": "secret"}), "request.password must be empty: the document stays readable as it is"),
            (json!({"timeStamp": null}), "request.timeStamp must not be null"),
        ] {
            assert_eq!(backend.ask_mosip("/pdf/sign", asked(TABLE, more)).refused_with(200, "KER-KMS-005"), text);
        }
    }

    fn what_is_no_document_is_refused_at_once(system: &System) {
        let backend = system.mosip("backend");
        let kids = format!("1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[{}]>>endobj", "2 0 R ".repeat(100_000));
        let table = format!("xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n{:010} 00000 n \n", 9 + kids.find("2 0 obj").expect("the tree"));
        let circle = format!("%PDF-1.7\n{kids}\n{table}trailer<</Size 3/Root 1 0 R>>\nstartxref\n{}\n%%EOF", 10 + kids.len());
        let encrypted = include_bytes!("../../fixtures/pdf/encrypted.pdf");
        let begun = std::time::Instant::now();
        for (pdf, member) in [(&b"no document"[..], "data"), (b"%PDF-1.7", "data"), (encrypted, "data"), (&TABLE[..TABLE.len() / 2], "data"), (circle.as_bytes(), "pageNumber")] {
            let message = backend.ask_mosip("/pdf/sign", asked(pdf, json!({}))).refused_with(200, "KER-KMS-005");
            assert!(message.starts_with(&format!("request.{member} ")), "{message}");
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(20));
        backend.ask_mosip("/pdf/sign", asked(TABLE, json!({"data": "!"}))).refused_with(200, "KER-CRY-003");
    }

    fn the_applications_list_decides(system: &System) {
        let backend = system.mosip("backend");
        backend.ask_mosip("/pdf/sign", asked(TABLE, json!({"applicationId": "RESTRICTED"}))).refused_with(200, "KER-JWS-108");
        backend.ask_mosip("/pdf/sign", asked(TABLE, json!({"referenceId": "ENCRYPT"}))).refused_with(200, "KER-KMS-020");
        backend.ask_mosip("/generateECSignKey/CERTIFICATE", json!({"applicationId": "OPENG2P", "referenceId": "ED25519_SIGN"})).response();
        // Stock programs of today make and take no CMS by such a key.
        backend.ask_mosip("/pdf/sign", asked(TABLE, json!({"referenceId": "ED25519_SIGN"}))).refused_with(200, "KER-JWS-104");
    }
}
