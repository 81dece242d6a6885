//! `POST /signV2`

use km_tests::openssl::{der_form, openssl};
use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

use super::{PSS, current, file, on_p256, openssl_takes};

/// Bytes from base58btc with its prefix, by long multiplication.
pub fn from_base58(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let digits = text.strip_prefix('z').expect("the prefix");
    let mut bytes: Vec<u8> = Vec::new();
    for letter in digits.chars() {
        let mut carry = ALPHABET.find(letter).expect("a letter of the alphabet");
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = u8::try_from(carry % 256).expect("a byte");
            carry /= 256;
        }
        if carry > 0 {
            bytes.insert(0, u8::try_from(carry).expect("a byte"));
        }
    }
    let zeros = digits.chars().take_while(|letter| *letter == '1').count();
    [vec![0; zeros], bytes].concat()
}

on_both! {
    fn bytes_are_signed_with_nothing_around_them(system: &System) {
        let backend = system.mosip("backend");
        let message: Vec<u8> = (0..=255).collect();
        let certificate = current(&backend, "OPENG2P", "")["certificate"].clone();
        for (algorithm, options) in [(json!(null), PSS), (json!("PS256"), PSS), (json!("RS256"), "")] {
            for format in [json!(null), json!("base58btc"), json!("base64url")] {
                let request = json!({"dataToSign": base64url(&message), "applicationId": "OPENG2P", "referenceId": "", "responseEncodingFormat": format, "signAlgorithm": algorithm});
                let answer = backend.ask_mosip("/signV2", request).response();
                assert!(answer["timestamp"].as_str().is_some_and(|time| time.len() == 24));
                let text = answer["signature"].as_str().expect("a signature");
                let signature = if format == "base64url" { from_base64url(text) } else { from_base58(text) };
                assert_eq!(signature.len(), 256);
                assert!(openssl_takes(system, &certificate, &message, &signature, options), "{algorithm} {format}");
                assert!(!openssl_takes(system, &certificate, &message[1..], &signature, options));
            }
        }
        let certificate = on_p256(&backend, "OPENG2P");
        let request = json!({"dataToSign": base64url(&message), "applicationId": "OPENG2P", "referenceId": "EC_SECP256R1_SIGN", "responseEncodingFormat": "base64url"});
        let answer = backend.ask_mosip("/signV2", request).response();
        let signature = from_base64url(answer["signature"].as_str().expect("a signature"));
        assert!(signature.len() == 64 && openssl_takes(system, &certificate, &message, &der_form(&signature), ""));
    }

    /// A key that signs data issues certificates too: it signs no certificate for a caller.
    fn what_a_certificate_is_made_of_is_refused(system: &System) {
        let backend = system.mosip("backend");
        let pem = file(system, current(&backend, "OPENG2P", "")["certificate"].as_str().expect("PEM"));
        let der = pem.with_extension("der");
        openssl(&format!("x509 -outform DER -in {} -out {}", pem.display(), der.display()), &[]).good();
        let der = std::fs::read(der).expect("a certificate");
        // Its first element is what was signed.
        let length = usize::from(der[6]) * 256 + usize::from(der[7]);
        let tbs = &der[4..8 + length];
        let attributes = [0x31, 6, 0x30, 4, 6, 0, 0x31, 0];
        for path in ["/signV2", "/signRawData"] {
            for message in [tbs, &attributes] {
                for reference in ["", "EC_SECP256R1_SIGN"] {
                    on_p256(&backend, "OPENG2P");
                    let request = json!({"dataToSign": base64url(message), "applicationId": "OPENG2P", "referenceId": reference});
                    let end = system.log_end();
                    let answer = backend.ask_mosip(path, request);
                    answer.refused_with(200, "KER-JWS-102");
                    system.events_of(end, &answer.request_id).is("crypto.sign", "refused", "mosip-not-signable");
                }
            }
        }
        let request = json!({"dataToSign": base64url(&tbs[1..]), "applicationId": "OPENG2P"});
        backend.ask_mosip("/signV2", request).response();
    }

    fn other_requests_are_refused(system: &System) {
        let backend = system.mosip("backend");
        let asked = |more: serde_json::Value| {
            let mut request = json!({"dataToSign": "AAAA", "applicationId": "OPENG2P"});
            request.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            backend.ask_mosip("/signV2", request)
        };
        asked(json!({"responseEncodingFormat": "hex"})).refused_with(200, "KER-KMS-036");
        asked(json!({"signAlgorithm": "ES256"})).refused_with(200, "KER-JWS-104");
        asked(json!({"referenceId": "ENCRYPT"})).refused_with(200, "KER-KMS-020");
        asked(json!({"applicationId": "RESTRICTED"})).refused_with(200, "KER-JWS-108");
        asked(json!({"dataToSign": "!"})).refused_with(200, "KER-CRY-003");
        assert_eq!(asked(json!({"dataToSign": " "})).refused_with(200, "KER-KMS-005"), "request.dataToSign must not be blank");
    }
}
