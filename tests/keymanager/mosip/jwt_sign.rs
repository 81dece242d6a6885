//! `POST /jwtSign`

use km_tests::openssl::openssl;
use km_tests::{Client, System, base64url, from_base64url, on_both};
use serde_json::{Value, json};

use super::{all, current, file, fresh, master, x509};

const PAYLOAD: &str = r#"{"given_name":"Selam","note":"häk \u00e9"}"#;

#[track_caller]
fn signed(client: &Client, application: &str, more: Value) -> String {
    let mut request = json!({"dataToSign": base64url(PAYLOAD), "applicationId": application, "referenceId": ""});
    request.as_object_mut().expect("a request").extend(more.as_object().expect("members").clone());
    let answer = client.ask_mosip("/jwtSign", request).response();
    let time = answer["timestamp"].as_str().expect("a time");
    assert!(time.len() == 26 && !time.ends_with('Z'), "{time}");
    answer["jwtSignedData"].as_str().expect("a JWS").to_owned()
}

fn header(jws: &str) -> String {
    String::from_utf8(from_base64url(jws.split('.').next().expect("a header"))).expect("text")
}

/// Whether stock openssl takes the signature, by the certificate, over the header and this payload in base64url.
fn openssl_takes(system: &System, certificate: &Value, jws: &str, payload: &str) -> bool {
    let parts: Vec<&str> = jws.split('.').collect();
    let key = file(system, &x509(system, certificate, "-pubkey"));
    let message = file(system, &format!("{}.{payload}", parts[0]));
    let signature = message.with_extension("sig");
    std::fs::write(&signature, from_base64url(parts[2])).expect("a signature");
    let arguments = format!("dgst -sha256 -verify {} -signature {}", key.display(), signature.display());
    openssl(&arguments, &[&message]).code == Some(0)
}

on_both! {
    /// C8: compact and detached, by the key that getCertificate shows, under the id that getAllCertificates shows.
    fn both_forms_verify_elsewhere(system: &System) {
        let backend = system.mosip("backend");
        let certificate = current(&backend, "ID_REPO", "")["certificate"].clone();
        let key_id = all(&backend, "ID_REPO", "")[0]["keyId"].as_str().expect("a key id").to_owned();
        let attached = signed(&backend, "ID_REPO", json!({"includePayload": true, "includeCertificate": false, "includeCertHash": false}));
        assert_eq!(header(&attached), format!(r#"{{"alg":"RS256","kid":"{key_id}"}}"#));
        assert_eq!(attached.split('.').nth(1), Some(base64url(PAYLOAD).as_str()));
        assert!(openssl_takes(system, &certificate, &attached, &base64url(PAYLOAD)));
        assert!(!openssl_takes(system, &certificate, &attached, &base64url("{}")));
        let detached = signed(&backend, "ID_REPO", json!({"includePayload": false}));
        assert_eq!(detached.split('.').nth(1), Some(""));
        assert_eq!(detached.split('.').count(), 3);
        assert!(openssl_takes(system, &certificate, &detached, &base64url(PAYLOAD)));
    }

    fn the_header_has_what_is_asked_for_in_the_dialects_order(system: &System) {
        let backend = system.mosip("backend");
        let jws = signed(&backend, "OPENG2P", json!({"includePayload": true, "includeCertificate": true, "includeCertHash": true, "certificateUrl": "https://a.example/c"}));
        let text = header(&jws);
        let names: Vec<usize> = ["\"alg\"", "\"x5c\"", "\"x5t#S256\"", "\"x5u\"", "\"kid\""].iter().map(|name| text.find(name).unwrap_or_else(|| panic!("no {name} in {text}"))).collect();
        assert!(names.is_sorted(), "{text}");
        let read: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read.as_object().map(serde_json::Map::len), Some(5));
        let pem = current(&backend, "OPENG2P", "")["certificate"].as_str().expect("PEM").to_owned();
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(read["x5c"], json!([der]));
        let print = x509(system, &json!(pem), "-fingerprint -sha256");
        let bytes: Vec<u8> = print.split_once('=').expect("a print").1.split(':').map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect();
        assert_eq!(read["x5t#S256"], base64url(bytes));
        assert_eq!(read["x5u"], "https://a.example/c");
    }

    /// MOSIP makes text of bytes first; here the very bytes are signed.
    fn bytes_that_are_no_text_are_signed_as_they_are(system: &System) {
        let backend = system.mosip("backend");
        let bytes: Vec<u8> = (0..=255).rev().collect();
        let request = json!({"dataToSign": base64url(&bytes), "applicationId": "OPENG2P", "includePayload": true});
        let jws = backend.ask_mosip("/jwtSign", request).response()["jwtSignedData"].as_str().expect("a JWS").to_owned();
        assert_eq!(from_base64url(jws.split('.').nth(1).expect("a payload")), bytes);
        let certificate = current(&backend, "OPENG2P", "")["certificate"].clone();
        assert!(openssl_takes(system, &certificate, &jws, &base64url(&bytes)));
    }

    /// C11, C12: unknown and forbidden applications look alike, and a blank one is an error.
    fn the_applications_list_decides(system: &System) {
        let (backend, listed) = (system.mosip("backend"), system.mosip("openg2p"));
        master(&listed, "RESTRICTED");
        signed(&listed, "RESTRICTED", json!({}));
        let asked = |application: Value| backend.ask_mosip("/jwtSign", json!({"dataToSign": "e30", "applicationId": application, "referenceId": ""}));
        let end = system.log_end();
        let answer = asked(json!("RESTRICTED"));
        let text = answer.refused_with(200, "KER-JWS-108");
        system.events_of(end, &answer.request_id).is("crypto.sign", "refused", "mosip-sign-denied");
        for application in ["NOWHERE", "CLOSED"] {
            assert_eq!(asked(json!(application)).refused_with(200, "KER-JWS-108"), text);
        }
        for blank in [json!(""), json!("  "), json!(null)] {
            assert!(asked(blank).refused_with(200, "KER-KMS-005").contains("applicationId"));
        }
        asked(json!("COMPLIANCE_TOOLKIT")).refused_with(200, "KER-KMS-012");
    }

    fn base_keys_do_not_sign(system: &System) {
        let backend = system.mosip("backend");
        for (application, reference) in [("REGISTRATION", "ENCRYPT"), ("OPENG2P", &fresh("REF")), ("OPENG2P", "SIGN")] {
            let request = json!({"dataToSign": "e30", "applicationId": application, "referenceId": reference});
            backend.ask_mosip("/jwtSign", request).refused_with(200, "KER-KMS-020");
        }
        let request = json!({"dataToSign": "e30", "applicationId": "KERNEL", "referenceId": "SIGN"});
        backend.ask_mosip("/jwtSign", request).response();
    }

    fn there_must_be_something_to_sign(system: &System) {
        let backend = system.mosip("backend");
        for data in [json!(""), json!(" "), json!(null)] {
            let request = json!({"dataToSign": data, "applicationId": "OPENG2P"});
            assert_eq!(backend.ask_mosip("/jwtSign", request).refused_with(200, "KER-KMS-005"), "request.dataToSign must not be blank");
        }
        let request = json!({"dataToSign": "no base64!", "applicationId": "OPENG2P"});
        backend.ask_mosip("/jwtSign", request).refused_with(200, "KER-CRY-003");
    }

    fn after_a_rotation_the_new_key_signs(system: &System) {
        let backend = system.mosip("backend");
        let application = "TESTS";
        master(&backend, application);
        let kid = |jws: &str| serde_json::from_str::<Value>(&header(jws)).expect("JSON")["kid"].clone();
        let before = kid(&signed(&backend, application, json!({})));
        backend.ask_mosip("/generateMasterKey/CERTIFICATE", json!({"applicationId": application, "referenceId": "", "force": true})).response();
        let after = kid(&signed(&backend, application, json!({})));
        assert_ne!(before, after);
    }
}
