//! `POST /jwtSign/v2`

use km_tests::{from_base64url, on_both};
use serde_json::{Value, json};

use super::current;

fn header(jws: &Value) -> Value {
    let text = jws.as_str().expect("a JWS").split('.').next().expect("a header");
    serde_json::from_slice(&from_base64url(text)).expect("JSON")
}

fn der(pem: &Value) -> String {
    km_tests::openssl::body_of(pem.as_str().expect("PEM"))
}

on_both! {
    fn the_whole_chain_and_headers_of_the_callers(system: &System) {
        let backend = system.mosip("backend");
        let request = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "referenceId": "", "includePayload": true, "includeCertificateChain": true, "additionalHeaders": {"typ": "vc+jwt", "kid": "did:web:a.example", "x": "y", "none": null}});
        let answer = backend.ask_mosip("/jwtSign/v2", request).response();
        let header = header(&answer["jwtSignedData"]);
        let chain = ["OPENG2P", "ROOT"].map(|application| der(&current(&backend, application, "")["certificate"]));
        let own = crate::mosip::all(&backend, "OPENG2P", "").last().expect("a key")["keyId"].as_str().expect("an id").to_owned();
        let expected = json!({"alg": "RS256", "x5c": chain, "kid": format!("did:web:a.example#{own}"), "typ": "vc+jwt", "x": "y"});
        assert_eq!(header, expected);
        let verified = backend.ask_mosip("/jwtVerify/v2", json!({"jwtSignatureData": answer["jwtSignedData"], "applicationId": "OPENG2P", "referenceId": ""})).response();
        assert_eq!(verified["signatureValid"], true);
    }

    /// What decides how a signature is verified, and with what, is not the caller's to say.
    fn headers_that_decide_are_refused(system: &System) {
        let backend = system.mosip("backend");
        let asked = |additional: Value| backend.ask_mosip("/jwtSign/v2", json!({"dataToSign": "e30", "applicationId": "OPENG2P", "additionalHeaders": additional}));
        for name in ["alg", "b64", "jwk", "x5c", "x5t", "x5t#S256", "x5u", ""] {
            assert!(asked(json!({name: "x"})).refused_with(200, "KER-KMS-005").contains("additionalHeaders"), "{name}");
        }
        asked(json!({"crit": "absent"})).refused_with(200, "KER-KMS-005");
        asked(json!({"a": {}})).refused_with(200, "KER-KMS-005");
        let twice = r#"{"request":{"dataToSign":"e30","applicationId":"OPENG2P","additionalHeaders":{"a":"1","a":"2"}}}"#;
        backend.send("POST", "/jwtSign/v2", Some("application/json"), twice.into()).refused_with(200, "KER-KMS-005");
        asked(json!(null)).response();
    }
}
