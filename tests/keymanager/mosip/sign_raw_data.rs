//! `POST /signRawData`

use km_tests::{base64url, from_base64url, on_both};
use serde_json::json;

use super::{PSS, all, current, openssl_takes, sign_v2::from_base58};

on_both! {
    fn the_answer_says_whose_signature_it_is(system: &System) {
        let backend = system.mosip("backend");
        let certificate = current(&backend, "OPENG2P", "")["certificate"].clone();
        let key_id = all(&backend, "OPENG2P", "").last().expect("a key")["keyId"].clone();
        for (asked, algorithm, options) in [(json!(null), "PS256", PSS), (json!("RS256"), "RS256", ""), (json!("no such"), "PS256", PSS)] {
            let request = json!({"dataToSign": base64url("Selam"), "applicationId": "OPENG2P", "referenceId": null, "signAlgorithm": asked});
            let end = system.log_end();
            let answer = backend.ask_mosip("/signRawData", request);
            system.events_of(end, &answer.request_id).is("crypto.sign", "done", "");
            let answer = answer.response();
            assert_eq!((&answer["certificate"], &answer["keyId"]), (&certificate, &key_id));
            assert_eq!(answer["signatureAlgorithm"], algorithm);
            assert!(answer["timestamp"].as_str().is_some_and(|time| time.len() == 24));
            let signature = from_base58(answer["signedData"].as_str().expect("a signature"));
            assert!(openssl_takes(system, &certificate, b"Selam", &signature, options));
        }
        let request = json!({"dataToSign": base64url("Selam"), "applicationId": "OPENG2P", "responseEncodingFormat": "base64url"});
        let answer = backend.ask_mosip("/signRawData", request).response();
        assert_eq!(from_base64url(answer["signedData"].as_str().expect("a signature")).len(), 256);
    }
}
