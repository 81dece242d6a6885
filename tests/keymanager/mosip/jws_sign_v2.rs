//! `POST /jwsSign/v2`

use km_tests::{from_base64url, on_both};
use serde_json::{Value, json};

on_both! {
    fn as_jws_sign_with_the_chain_and_headers(system: &System) {
        let backend = system.mosip("backend");
        let request = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "referenceId": "", "includePayload": true, "includeCertificateChain": true, "additionalHeaders": {"typ": "JWT", "cty": "x", "jku": "https://a.example", "custom": "1", "crit": "custom"}, "validateJson": true});
        let answer = backend.ask_mosip("/jwsSign/v2", request).response();
        let jws = answer["jwtSignedData"].as_str().expect("a JWS");
        let header: Value = serde_json::from_slice(&from_base64url(jws.split('.').next().expect("a header"))).expect("JSON");
        assert_eq!((header["alg"].as_str(), &header["crit"]), (Some("PS256"), &json!(["b64", "custom"])));
        assert_eq!(header["x5c"].as_array().map(Vec::len), Some(2));
        for (name, text) in [("typ", "JWT"), ("cty", "x"), ("jku", "https://a.example"), ("custom", "1")] {
            assert_eq!(header[name], text);
        }
    }

    /// A member of the first form means nothing to the second, and the other way round.
    fn the_forms_do_not_mix(system: &System) {
        let backend = system.mosip("backend");
        let request = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "includeCertificate": true, "additionalHeaders": null});
        let header = |path: &str, request: &Value| {
            let answer = backend.ask_mosip(path, request.clone()).response();
            let jws = answer["jwtSignedData"].as_str().expect("a JWS").to_owned();
            serde_json::from_slice::<Value>(&from_base64url(jws.split('.').next().expect("a header"))).expect("JSON")
        };
        assert!(header("/jwsSign/v2", &request)["x5c"].is_null());
        assert!(header("/jwsSign", &request)["x5c"].is_array());
        let second = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "includeCertificateChain": true, "additionalHeaders": {"typ": "x"}});
        let first = header("/jwsSign", &second);
        assert!(first["x5c"].is_null() && first["typ"].is_null());
    }
}
