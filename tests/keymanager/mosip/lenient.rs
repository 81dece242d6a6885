//! Members as the dialect's own server reads them.

use km_tests::mosip::to_encrypt;
use km_tests::on_both;
use serde_json::{Value, json};

on_both! {
    fn truth_values_come_in_several_forms(system: &System) {
        let backend = system.mosip("backend");
        let sign = |include: Value| {
            let request = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "includePayload": include});
            backend.ask_mosip("/jwtSign", request).response()["jwtSignedData"].as_str().expect("a JWS").to_owned()
        };
        for yes in [json!(true), json!("true"), json!(" TRUE ")] {
            assert!(!sign(yes).contains(".."));
        }
        for no in [json!(false), json!("false"), json!(""), json!(null)] {
            assert!(sign(no).contains(".."));
        }
        let request = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "includePayload": "maybe"});
        backend.ask_mosip("/jwtSign", request).refused_with(200, "KER-KMS-005");
    }

    fn texts_may_be_numbers_and_escaped(system: &System) {
        let backend = system.mosip("backend");
        let mut request = to_encrypt("REGISTRATION", "ENCRYPT", "");
        request["data"] = json!(12345678);
        let data = backend.ask_mosip("/encrypt", request).response()["data"].clone();
        let back = km_tests::mosip::to_decrypt("REGISTRATION", "ENCRYPT", data.as_str().expect("data"));
        assert_eq!(backend.ask_mosip("/decrypt", back).response()["data"], "12345678");
        let body = r#"{"request":{"applicationId":"REGISTRAT\u0049ON","referenceId":"ENCRYPT","timeStamp":"2026-11-22T09:30:00.000Z","data":"U2Vs\u0059W0\u003d"}}"#;
        backend.send("POST", "/encrypt", Some("application/json"), body.as_bytes().to_vec()).response();
    }

    /// Two members of one name: which one would be meant, no two readers agree about.
    fn a_member_twice_is_refused(system: &System) {
        let backend = system.mosip("backend");
        let body = r#"{"request":{"applicationId":"REGISTRATION","applicationId":"OPENG2P","referenceId":"ENCRYPT","timeStamp":"2026-11-22T09:30:00.000Z","data":"AAAA"}}"#;
        backend.send("POST", "/encrypt", Some("application/json"), body.as_bytes().to_vec()).refused_with(200, "KER-KMS-005");
        let body = r#"{"request":{"applicationId":"REGISTRATION"},"request":{"applicationId":"OPENG2P"}}"#;
        backend.send("POST", "/encrypt", Some("application/json"), body.as_bytes().to_vec()).refused_with(200, "KER-KMS-005");
    }
}
