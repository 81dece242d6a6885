//! `POST /coseSign1`

use km_tests::openssl::der_form;
use km_tests::{base64url, on_both};
use serde_json::{Value, json};

use super::{PSS, all, current, from_hex, on_p256, openssl_takes};

/// A byte string in CBOR.
fn bytes(of: &[u8]) -> Vec<u8> {
    let head = match of.len() {
        length @ 0..=23 => vec![0x40 + u8::try_from(length).expect("short")],
        length @ 24..=255 => vec![0x58, u8::try_from(length).expect("short")],
        length => [&[0x59][..], &u16::try_from(length).expect("short").to_be_bytes()].concat(),
    };
    [head, of.to_vec()].concat()
}

on_both! {
    /// The whole message, byte by byte, and its signature by stock openssl.
    fn a_message_of_one_header(system: &System) {
        let backend = system.mosip("backend");
        on_p256(&backend, "OPENG2P");
        let payload: Vec<u8> = (0..=255).rev().collect();
        let cases: [(&str, Value, &[u8], usize); 4] = [
            ("", json!(null), b"\xa1\x01\x38\x24", 256),
            ("", json!("PS256"), b"\xa1\x01\x38\x24", 256),
            ("", json!("RS256"), b"\xa1\x01\x39\x01\x00", 256),
            ("EC_SECP256R1_SIGN", json!(null), b"\xa1\x01\x26", 64),
        ];
        for (reference, algorithm, protected, length) in cases {
            let request = json!({"payload": base64url(&payload), "applicationId": "OPENG2P", "referenceId": reference, "algorithm": algorithm});
            let end = system.log_end();
            let answer = backend.ask_mosip("/coseSign1", request);
            system.events_of(end, &answer.request_id).is("crypto.sign", "done", "");
            let answer = answer.response();
            assert!(answer["timestamp"].as_str().is_some_and(|time| time.len() == 26));
            let text = answer["signedData"].as_str().expect("a message");
            assert_eq!(text, text.to_lowercase());
            let message = from_hex(text);
            let (whole, signature) = message.split_at(message.len() - length);
            let head = if length == 64 { &[0x58, 64][..] } else { &[0x59, 1, 0] };
            assert_eq!(whole, [&[0xd2, 0x84], bytes(protected).as_slice(), &[0xa0], &bytes(&payload), head].concat());
            let signed = [&[0x84, 0x6a], &b"Signature1"[..], &bytes(protected), &[0x40], &bytes(&payload)].concat();
            let certificate = current(&backend, "OPENG2P", reference)["certificate"].clone();
            let (signature, options) = match (length, algorithm.as_str()) {
                (64, _) => (der_form(signature), ""),
                (_, Some("RS256")) => (signature.to_vec(), ""),
                _ => (signature.to_vec(), PSS),
            };
            assert!(openssl_takes(system, &certificate, &signed, &signature, options), "{reference} {algorithm}");
        }
    }

    fn the_headers_have_what_is_asked_for(system: &System) {
        let backend = system.mosip("backend");
        let key_id = all(&backend, "OPENG2P", "").last().expect("a key")["keyId"].as_str().expect("an id").to_owned();
        let request = json!({"payload": "e30", "applicationId": "OPENG2P", "protectedHeader": {"cty": "text/x", "includeCertificateHash": "true"}, "unprotectedHeader": {"kid": "", "includeCertificateChain": true, "40": 1, "none": null}});
        let message = from_hex(backend.ask_mosip("/coseSign1", request).response()["signedData"].as_str().expect("a message"));
        let has = |part: &[u8]| message.windows(part.len()).any(|window| window == part);
        assert!(has(b"text/x") && has(&bytes(key_id.as_bytes())));
        for application in ["OPENG2P", "ROOT"] {
            let pem = current(&backend, application, "")["certificate"].as_str().expect("PEM").to_owned();
            let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let der = km_tests::from_base64url(&der.replace('+', "-").replace('/', "_").replace('=', ""));
            assert!(has(&bytes(&der)), "{application}");
        }
        for bad in [json!({"crit": "absent"}), json!({"cty": 5}), json!({"1": 5})] {
            let request = json!({"payload": "e30", "applicationId": "OPENG2P", "protectedHeader": bad});
            assert!(backend.ask_mosip("/coseSign1", request).refused_with(200, "KER-KMS-005").contains("protectedHeader"));
        }
    }

    fn other_requests_are_refused(system: &System) {
        let backend = system.mosip("backend");
        let asked = |payload: &str, application: &str, algorithm: &str| backend.ask_mosip("/coseSign1", json!({"payload": payload, "applicationId": application, "algorithm": algorithm}));
        asked("", "OPENG2P", "").refused_with(200, "KER-KMS-005");
        asked("!", "OPENG2P", "").refused_with(200, "KER-CRY-003");
        asked("e30", "RESTRICTED", "").refused_with(200, "KER-JWS-108");
        asked("e30", "OPENG2P", "ES256").refused_with(200, "KER-CWS-109");
    }
}
