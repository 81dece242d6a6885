//! `POST /jwsSign`

use km_tests::openssl::der_form;
use km_tests::{Client, base64url, from_base64url, on_both};
use serde_json::{Value, json};

use super::{PSS, current, on_p256, openssl_takes};

/// What is signed, in base64url with padding: the text itself counts.
const PADDED: &str = "eyJnIjoiU2VsYW0ifQ==";
const PAYLOAD: &str = r#"{"g":"Selam"}"#;

#[track_caller]
pub fn signed(client: &Client, more: Value) -> String {
    let mut request =
        json!({"dataToSign": PADDED, "applicationId": "OPENG2P", "referenceId": "", "includePayload": true});
    request.as_object_mut().expect("a request").extend(more.as_object().expect("members").clone());
    let answer = client.ask_mosip("/jwsSign", request).response();
    assert!(answer["timestamp"].as_str().is_some_and(|time| time.len() == 26));
    answer["jwtSignedData"].as_str().expect("a JWS").to_owned()
}

fn parts(jws: &str) -> (Value, &str, &str, Vec<u8>) {
    let parts: Vec<&str> = jws.split('.').collect();
    assert_eq!(parts.len(), 3);
    (serde_json::from_slice(&from_base64url(parts[0])).expect("JSON"), parts[0], parts[1], from_base64url(parts[2]))
}

on_both! {
    /// By default the payload's own bytes are signed, and its text is carried.
    fn the_bytes_are_signed_and_the_text_is_carried(system: &System) {
        let backend = system.mosip("backend");
        let certificate = current(&backend, "OPENG2P", "")["certificate"].clone();
        for (more, middle) in [(json!({}), PADDED), (json!({"includePayload": null}), "")] {
            let jws = signed(&backend, more);
            let (header, protected, found, signature) = parts(&jws);
            assert_eq!((header["alg"].as_str(), &header["b64"], &header["crit"]), (Some("PS256"), &json!(false), &json!(["b64"])));
            assert!(header["kid"].is_string() && header["x5c"].is_null());
            assert_eq!(found, middle);
            let message = format!("{protected}.{PAYLOAD}");
            assert!(openssl_takes(system, &certificate, message.as_bytes(), &signature, PSS));
            assert!(!openssl_takes(system, &certificate, format!("{protected}.{PADDED}").as_bytes(), &signature, PSS));
        }
    }

    fn with_the_parameter_it_is_an_ordinary_jws_over_the_callers_text(system: &System) {
        let backend = system.mosip("backend");
        let certificate = current(&backend, "OPENG2P", "")["certificate"].clone();
        for (algorithm, options) in [("RS256", ""), ("PS256", PSS), ("unheard-of", PSS)] {
            let jws = signed(&backend, json!({"b64JWSHeaderParam": true, "signAlgorithm": algorithm, "includeCertificate": true, "includeCertHash": true, "certificateUrl": "https://a.example"}));
            let (header, protected, middle, signature) = parts(&jws);
            let names: Vec<&str> = header.as_object().expect("members").keys().map(String::as_str).collect();
            assert_eq!(names, ["alg", "kid", "x5c", "x5t#S256", "x5u"]);
            assert_eq!(middle, PADDED);
            assert!(openssl_takes(system, &certificate, format!("{protected}.{PADDED}").as_bytes(), &signature, options), "{algorithm}");
        }
        // Letters of the other alphabet cannot stand in a JWS.
        let request = json!({"dataToSign": "-_-_", "applicationId": "OPENG2P", "includePayload": true, "b64JWSHeaderParam": true, "validateJson": null});
        let url = backend.ask_mosip("/jwsSign", request.clone()).response();
        assert!(url["jwtSignedData"].as_str().expect("a JWS").contains(".-_-_."));
        let mut standard = request;
        standard["dataToSign"] = "+/+/".into();
        assert!(backend.ask_mosip("/jwsSign", standard).response()["jwtSignedData"].as_str().expect("a JWS").contains(".-_-_."));
    }

    fn keys_on_curves_sign_in_their_own_way_only(system: &System) {
        let backend = system.mosip("backend");
        let certificate = on_p256(&backend, "OPENG2P");
        for algorithm in [json!(null), json!(""), json!("ES256")] {
            let jws = signed(&backend, json!({"referenceId": "EC_SECP256R1_SIGN", "signAlgorithm": algorithm}));
            let (header, protected, _, signature) = parts(&jws);
            assert_eq!((header["alg"].as_str(), signature.len()), (Some("ES256"), 64));
            assert!(openssl_takes(system, &certificate, format!("{protected}.{PAYLOAD}").as_bytes(), &der_form(&signature), ""));
        }
        for (reference, algorithm) in [("EC_SECP256R1_SIGN", "RS256"), ("EC_SECP256R1_SIGN", "EdDSA"), ("", "ES256"), ("", "ES256K"), ("", "EdDSA")] {
            let request = json!({"dataToSign": PADDED, "applicationId": "OPENG2P", "referenceId": reference, "signAlgorithm": algorithm});
            backend.ask_mosip("/jwsSign", request).refused_with(200, "KER-JWS-104");
        }
        let order = json!({"applicationId": "OPENG2P", "referenceId": "ED25519_SIGN"});
        backend.ask_mosip("/generateECSignKey/CERTIFICATE", order).response();
        let jws = signed(&backend, json!({"referenceId": "ED25519_SIGN"}));
        assert_eq!(parts(&jws).0["alg"], "EdDSA");
    }

    fn what_is_signed_is_verified_here_too(system: &System) {
        let backend = system.mosip("backend");
        for more in [json!({}), json!({"b64JWSHeaderParam": true}), json!({"b64JWSHeaderParam": true, "signAlgorithm": "RS256"})] {
            let jws = signed(&backend, more);
            let verified = |actual: Value| backend.ask_mosip("/jwtVerify", json!({"jwtSignatureData": jws, "actualData": actual, "applicationId": "OPENG2P", "referenceId": ""})).response()["signatureValid"].clone();
            assert_eq!(verified(json!(null)), true, "{jws}");
            assert_eq!(verified(json!(base64url("{}"))), false);
        }
    }

    fn json_is_asked_for_where_the_caller_wants_it(system: &System) {
        let backend = system.mosip("backend");
        let asked = |validate: Value| backend.ask_mosip("/jwsSign", json!({"dataToSign": base64url("no JSON"), "applicationId": "OPENG2P", "validateJson": validate}));
        asked(json!(true)).refused_with(200, "KER-JWS-103");
        asked(json!(false)).response();
        // MOSIP answers 500.
        asked(json!(null)).response();
    }

    fn the_applications_list_decides(system: &System) {
        let backend = system.mosip("backend");
        let asked = |application: &str, reference: &str| backend.ask_mosip("/jwsSign", json!({"dataToSign": "e30", "applicationId": application, "referenceId": reference}));
        let text = asked("NOWHERE", "").refused_with(200, "KER-JWS-108");
        assert_eq!(asked("RESTRICTED", "").refused_with(200, "KER-JWS-108"), text);
        asked("OPENG2P", "ENCRYPT").refused_with(200, "KER-KMS-020");
        assert!(asked("", "").refused_with(200, "KER-KMS-005").contains("applicationId"));
    }
}
