//! `POST /validate`

use km_tests::mosip::TIME;
use km_tests::on_both;
use serde_json::{Value, json};

fn asked(signature: &str, data: &str) -> Value {
    json!({"signature": signature, "data": data, "timestamp": TIME})
}

on_both! {
    fn only_what_sign_answered_is_valid(system: &System) {
        let backend = system.mosip("backend");
        let signed = backend.ask_mosip("/sign", json!({"data": "Selam"})).response();
        let signature = signed["signature"].as_str().expect("a signature");
        let answer = backend.ask_mosip("/validate", asked(signature, "Selam")).response();
        assert_eq!(answer, json!({"status": "success", "message": "Validation Successful"}));
        let end = system.log_end();
        let wrong = backend.ask_mosip("/validate", asked(signature, "selam"));
        let text = wrong.refused_with(200, "KER-CSS-101");
        assert_eq!(text, "Validation Unsuccessful");
        system.events_of(end, &wrong.request_id).is("crypto.verify", "refused", "mosip-not-valid");
        let other = backend.ask_mosip("/jwtSign", json!({"dataToSign": "e30", "applicationId": "OPENG2P"})).response();
        for bad in [other["jwtSignedData"].as_str().expect("a JWS"), "x", "a.b.c", "eyJhbGciOiJub25lIn0..", "eyJhbGciOiJub25lIn0..AA"] {
            assert_eq!(backend.ask_mosip("/validate", asked(bad, "Selam")).refused_with(200, "KER-CSS-101"), text);
        }
    }

    /// MOSIP verifies with the newest key only.
    fn what_an_older_key_signed_stays_valid(system: &System) {
        let backend = system.mosip("backend");
        let signed = backend.ask_mosip("/sign", json!({"data": "before"})).response();
        backend.ask_mosip("/generateMasterKey/CERTIFICATE", json!({"applicationId": "KERNEL", "referenceId": "SIGN", "force": true})).response();
        let after = backend.ask_mosip("/sign", json!({"data": "before"})).response();
        assert_ne!(after["signature"], signed["signature"]);
        for answer in [signed, after] {
            backend.ask_mosip("/validate", asked(answer["signature"].as_str().expect("a signature"), "before")).response();
        }
    }
}
