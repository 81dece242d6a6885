//! `POST /coseVerify1`

use km_tests::{Client, base64url, on_both};
use serde_json::{Value, json};

use super::{current, from_hex, on_p256};

#[track_caller]
fn signed(client: &Client, reference: &str, more: Value) -> String {
    let mut request = json!({"payload": base64url("Selam"), "applicationId": "OPENG2P", "referenceId": reference});
    request.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
    client.ask_mosip("/coseSign1", request).response()["signedData"].as_str().expect("a message").to_owned()
}

on_both! {
    fn what_was_signed_verifies_and_nothing_else(system: &System) {
        let backend = system.mosip("backend");
        on_p256(&backend, "OPENG2P");
        let verified = |hex: &str, reference: &str| backend.ask_mosip("/coseVerify1", json!({"coseSignedData": hex, "applicationId": "OPENG2P", "referenceId": reference}));
        for (reference, other) in [("", "EC_SECP256R1_SIGN"), ("EC_SECP256R1_SIGN", "")] {
            for more in [json!({}), json!({"unprotectedHeader": {"kid": "x"}}), json!({"protectedHeader": {"includeCertificateChain": true}})] {
                let hex = signed(&backend, reference, more);
                let good = json!({"signatureValid": true, "message": "Validation Successful", "trustValid": "TRUST_NOT_VERIFIED"});
                assert_eq!(verified(&hex, reference).response(), good);
                assert_eq!(verified(&hex.to_uppercase(), reference).response(), good);
                assert_eq!(verified(&hex, other).response()["signatureValid"], false, "another key");
                let payload = hex.find("53656c616d").expect("the payload");
                for at in [payload, hex.len() - 1] {
                    let mut changed = hex.clone().into_bytes();
                    changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
                    let changed = String::from_utf8(changed).expect("text");
                    assert_eq!(verified(&changed, reference).response()["signatureValid"], false);
                }
            }
        }
        assert!(from_hex(&signed(&backend, "", json!({}))).starts_with(&[0xd2, 0x84]));
    }

    /// As in jwtVerify: nobody is trusted who only names themselves.
    fn which_certificate_decides(system: &System) {
        let backend = system.mosip("backend");
        let hex = signed(&backend, "", json!({"protectedHeader": {"includeCertificate": true}}));
        let verified = |more: Value| {
            let mut request = json!({"coseSignedData": hex});
            request.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            backend.ask_mosip("/coseVerify1", request)
        };
        assert_eq!(verified(json!({})).response()["signatureValid"], false);
        let pem = current(&backend, "OPENG2P", "")["certificate"].clone();
        assert_eq!(verified(json!({"certificateData": pem})).response()["signatureValid"], true);
        verified(json!({"certificateData": "none"})).refused_with(200, "KER-JWS-107");
        verified(json!({"applicationId": "OPENG2P", "asOf": "2001-01-01T00:00:00Z"})).refused_with(200, "KER-JWS-107");
        verified(json!({"applicationId": "OPENG2P", "asOf": "yesterday"})).refused_with(200, "KER-KMS-005");
    }

    fn what_is_no_message_is_an_error(system: &System) {
        let backend = system.mosip("backend");
        let verified = |hex: &str| backend.ask_mosip("/coseVerify1", json!({"coseSignedData": hex, "applicationId": "OPENG2P"}));
        let hex = signed(&backend, "", json!({}));
        for bad in ["zz", "00", &hex[2..], &format!("d83d{hex}"), &hex[..hex.len() - 2]] {
            verified(bad).refused_with(200, "KER-CWS-112");
        }
        // An algorithm that nobody knows.
        verified("d28443a10118a04053656c6c6f").refused_with(200, "KER-CWS-112");
        verified("d28444a1011863a041004100").refused_with(200, "KER-CWS-110");
        assert_eq!(verified("").refused_with(200, "KER-KMS-005"), "request.coseSignedData must not be blank");
    }
}
