//! `POST /jwtDecrypt`

use km_tests::{Client, base64url, from_base64url, on_both};
use serde_json::{Value, json};

use super::{current, fresh};

#[track_caller]
fn sealed(client: &Client, application: &str, reference: &str, data: &str, compressed: bool) -> String {
    let request = json!({"applicationId": application, "referenceId": reference, "data": data, "enableDefCompression": compressed});
    client.ask_mosip("/jwtEncrypt", request).response()["data"].as_str().expect("a JWE").to_owned()
}

fn to_open(application: &str, reference: &str, jwe: &str) -> Value {
    json!({"applicationId": application, "referenceId": reference, "encData": jwe})
}

on_both! {
    fn what_was_sealed_opens_also_after_a_rotation(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let content = json!({"text": "x".repeat(10_000)}).to_string();
        let made = [false, true].map(|compressed| sealed(&backend, "OPENG2P", &reference, &base64url(&content), compressed));
        assert!(made[1].len() < made[0].len() / 4, "it was compressed");
        let nested = sealed(&backend, "OPENG2P", &reference, "eyJ9.eyJ9.AA", true);
        backend.put("/revokeKey", km_tests::mosip::enveloped(json!({"applicationId": "OPENG2P", "referenceId": reference}))).response();
        for jwe in &made {
            let answer = backend.ask_mosip("/jwtDecrypt", to_open("OPENG2P", &reference, jwe)).response();
            assert_eq!(answer["data"], base64url(&content));
            assert!(answer["timestamp"].as_str().is_some_and(|time| time.len() == 26));
        }
        let answer = backend.ask_mosip("/jwtDecrypt", to_open("OPENG2P", &reference, &nested)).response();
        assert_eq!(answer["data"], base64url("eyJ9.eyJ9.AA"));
    }

    /// MOSIP does not look at the list here.
    fn the_applications_list_decides(system: &System) {
        let (backend, listed) = (system.mosip("backend"), system.mosip("openg2p"));
        crate::mosip::master(&listed, "RESTRICTED");
        let jwe = sealed(&listed, "RESTRICTED", "ENCRYPT", "e30", true);
        listed.ask_mosip("/jwtDecrypt", to_open("RESTRICTED", "ENCRYPT", &jwe)).response();
        let end = system.log_end();
        let answer = backend.ask_mosip("/jwtDecrypt", to_open("RESTRICTED", "ENCRYPT", &jwe));
        let text = answer.refused_with(200, "KER-CRY-012");
        system.events_of(end, &answer.request_id).is("crypto.decrypt", "refused", "mosip-decrypt-denied");
        assert_eq!(backend.ask_mosip("/jwtDecrypt", to_open("NOWHERE", "ENCRYPT", &jwe)).refused_with(200, "KER-CRY-012"), text);
        // By way of another application, it is there for those who may use it.
        listed.ask_mosip("/jwtDecrypt", to_open("OPENG2P", "ENCRYPT", &jwe)).refused_with(200, "KER-KMS-024");
        backend.ask_mosip("/jwtDecrypt", to_open("OPENG2P", "ENCRYPT", &jwe)).refused_with(200, "KER-KMS-025");
    }

    fn all_else_is_refused_alike(system: &System) {
        let backend = system.mosip("backend");
        let jwe = sealed(&backend, "OPENG2P", "ENCRYPT", "e30", true);
        let opened = |jwe: &str| backend.ask_mosip("/jwtDecrypt", to_open("OPENG2P", "ENCRYPT", jwe));
        let text = opened("a.b.c.d.e").refused_with(200, "KER-CRY-015");
        let parts: Vec<&str> = jwe.split('.').collect();
        for (part, text_of_part) in parts.iter().enumerate().skip(1) {
            let mut changed: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            let mut bytes = from_base64url(text_of_part);
            bytes[0] ^= 1;
            changed[part] = base64url(bytes);
            assert_eq!(opened(&changed.join(".")).refused_with(200, "KER-CRY-015"), text, "part {part}");
        }
        let with = |header: Value| [base64url(header.to_string()), parts[1..].join(".")].join(".");
        let mut header: Value = serde_json::from_slice(&from_base64url(parts[0])).expect("JSON");
        // MOSIP answers 500 to a missing kid.
        let kid = header.as_object_mut().expect("members").remove("kid").expect("a kid");
        assert_eq!(opened(&with(header.clone())).refused_with(200, "KER-CRY-015"), text);
        header["kid"] = base64url([7; 32]).into();
        opened(&with(header.clone())).refused_with(200, "KER-KMS-025");
        header["kid"] = kid;
        header["x"] = "y".into();
        assert_eq!(opened(&with(header)).refused_with(200, "KER-CRY-015"), text, "the header is authenticated");
    }

    fn master_keys_open_nothing(system: &System) {
        let backend = system.mosip("backend");
        let pem = current(&backend, "OPENG2P", "")["certificate"].clone();
        let answer = backend.ask_mosip("/jwtEncrypt", json!({"data": "e30", "x509Certificate": pem})).response();
        let jwe = answer["data"].as_str().expect("a JWE");
        backend.ask_mosip("/jwtDecrypt", to_open("OPENG2P", "ENCRYPT", jwe)).refused_with(200, "KER-KMS-018");
    }
}
