//! `POST /jwtEncrypt`

use std::process::Command;

use km_tests::openssl::openssl;
use km_tests::program::run;
use km_tests::{System, base64url, from_base64url, on_both};
use serde_json::{Value, json};

use super::{current, file, x509};

const CONTENT: &str = r#"{"given_name":"Selam"}"#;

fn header(jwe: &str) -> Value {
    serde_json::from_slice(&from_base64url(jwe.split('.').next().expect("a header"))).expect("JSON")
}

/// A key pair of openssl's own kind, and its certificate for thirty days from that time by faketime(1), PEM.
fn stranger(system: &System, kind: &str, when: &str) -> (std::path::PathBuf, String) {
    let key = system.folder().join(format!("{}.key", km_tests::call::request_id()));
    let out = key.with_extension("crt");
    let how = format!("req -x509 -newkey {kind} -nodes -days 30 -subj /CN=x -keyout {}", key.display());
    let mut command = Command::new("faketime");
    run(command.args([when, "openssl"]).args(how.split(' ')).arg("-out").arg(&out)).good();
    (key, std::fs::read_to_string(out).expect("a certificate"))
}

on_both! {
    fn the_header_says_what_is_asked_for(system: &System) {
        let backend = system.mosip("backend");
        let certificate = current(&backend, "OPENG2P", "ENCRYPT")["certificate"].clone();
        let pem = certificate.as_str().expect("PEM");
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let print = x509(system, &certificate, "-fingerprint -sha256");
        let bytes: Vec<u8> = print.split_once('=').expect("a print").1.split(':').map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect();
        let kid = base64url(bytes);
        let end = system.log_end();
        let answer = backend.ask_mosip("/jwtEncrypt", json!({"applicationId": "OPENG2P", "referenceId": "ENCRYPT", "data": base64url(CONTENT)}));
        let id = answer.request_id.clone();
        let answer = answer.response();
        assert!(answer["timestamp"].as_str().is_some_and(|time| time.len() == 26));
        let jwe = answer["data"].as_str().expect("a JWE");
        assert_eq!(header(jwe), json!({"cty": "JWT", "typ": "JWT", "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": kid, "zip": "DEF"}));
        assert_eq!(system.events_of(end, &id).is("crypto.encrypt", "done", "")["object"], "OPENG2P/ENCRYPT");
        let all = json!({"applicationId": "OPENG2P", "referenceId": "ENCRYPT", "data": base64url(CONTENT), "enableDefCompression": false, "includeCertificate": true, "includeCertHash": true, "jwkSetUrl": "https://a.example/k"});
        let answer = backend.ask_mosip("/jwtEncrypt", all).response();
        assert_eq!(header(answer["data"].as_str().expect("a JWE")), json!({"cty": "JWT", "typ": "JWT", "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": kid, "x5c": [der], "x5t#S256": kid, "jku": "https://a.example/k"}));
    }

    /// To a certificate that is sent along; stock openssl unwraps the key.
    fn whoever_has_the_key_of_the_certificate_opens(system: &System) {
        let backend = system.mosip("backend");
        let (key, pem) = stranger(system, "rsa:2048", "now");
        let request = json!({"data": base64url(CONTENT), "x509Certificate": pem, "enableDefCompression": false});
        let jwe = backend.ask_mosip("/jwtEncrypt", request).response()["data"].as_str().expect("a JWE").to_owned();
        let wrapped = file(system, "").with_extension("wrapped");
        std::fs::write(&wrapped, from_base64url(jwe.split('.').nth(1).expect("a key"))).expect("a file");
        let plain = wrapped.with_extension("plain");
        let arguments = format!("pkeyutl -decrypt -inkey {} -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 -in {} -out {}", key.display(), wrapped.display(), plain.display());
        openssl(&arguments, &[]).good();
        assert_eq!(std::fs::read(plain).expect("the key").len(), 32);
    }

    fn certificates_that_nobody_should_seal_to_are_refused(system: &System) {
        let backend = system.mosip("backend");
        let asked = |pem: &str| backend.ask_mosip("/jwtEncrypt", json!({"applicationId": "OPENG2P", "referenceId": "ENCRYPT", "data": base64url(CONTENT), "x509Certificate": pem}));
        // MOSIP seals to the application's key then, of which the caller knows nothing.
        asked("no certificate").refused_with(200, "KER-KMS-013");
        asked(&stranger(system, "rsa:3072", "now").1).refused_with(200, "KER-CRY-011");
        asked(&stranger(system, "ed25519", "now").1).refused_with(200, "KER-CRY-011");
        asked(&stranger(system, "rsa:2048", "-60 days").1).refused_with(200, "KER-KMS-001");
        let master = current(&backend, "OPENG2P", "")["certificate"].as_str().expect("PEM").to_owned();
        asked(&master).response();
    }

    fn names_and_rights_are_those_of_encrypt(system: &System) {
        let backend = system.mosip("backend");
        let asked = |application: &str, reference: &str| backend.ask_mosip("/jwtEncrypt", json!({"applicationId": application, "referenceId": reference, "data": base64url(CONTENT)}));
        asked("OPENG2P", "").refused_with(200, "KER-CRY-011");
        asked("KERNEL", "SIGN").refused_with(200, "KER-CRY-011");
        assert!(asked("", "").refused_with(200, "KER-KMS-005").contains("applicationId"));
        let text = asked("NOWHERE", "X").refused_with(200, "KER-KMS-002");
        assert_eq!(asked("RESTRICTED", "X").refused_with(200, "KER-KMS-002"), text);
    }

    fn only_signatures_and_json_are_sealed(system: &System) {
        let backend = system.mosip("backend");
        let asked = |data: &str| backend.ask_mosip("/jwtEncrypt", json!({"applicationId": "OPENG2P", "referenceId": "ENCRYPT", "data": data}));
        asked("a.b.c").response();
        asked(&base64url("no JSON")).refused_with(200, "KER-CRY-013");
        asked("no base64!").refused_with(200, "KER-CRY-003");
        asked("").refused_with(200, "KER-KMS-005");
    }
}
