//! `POST /tpmsigning/publickey`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

use super::{current, master, x509};

on_both! {
    fn it_is_the_key_that_signs(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "RESIDENT");
        let answer = backend.ask_mosip("/tpmsigning/publickey", json!({"serverProfile": "any"})).response();
        let key = answer["publicKey"].as_str().expect("a key").to_owned();
        let printed = x509(system, &current(&backend, "RESIDENT", "")["certificate"], "-pubkey");
        let body: String = printed.lines().filter(|line| !line.starts_with('-')).collect();
        use base64::{Engine, engine::general_purpose::STANDARD};
        assert_eq!(STANDARD.decode(body).expect("base64"), from_base64url(&key));
        // What it verifies is what `cssign` signed.
        let signature = backend.ask_mosip("/cssign", json!({"data": base64url("x")})).response()["data"].clone();
        let request = json!({"data": base64url("x"), "signature": signature, "publicKey": key});
        assert_eq!(backend.ask_mosip("/csverifysign", request).response()["verified"], true);
    }

    fn a_profile_is_named(system: &System) {
        let answer = system.mosip("backend").ask_mosip("/tpmsigning/publickey", json!({}));
        assert_eq!(answer.refused_with(200, "KER-KMS-005"), "request.serverProfile should not be null or empty");
    }
}
