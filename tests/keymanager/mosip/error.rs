//! Statuses, and that nothing is answered by a fault of ours.

use km_tests::mosip::enveloped;
use km_tests::on_both;
use serde_json::{Map, Value, json};

/// Every call that takes a body: its members, with values that are good.
fn calls() -> Vec<(&'static str, &'static str, Value)> {
    let pair = json!({"applicationId": "TESTS", "referenceId": "", "force": false, "commonName": "", "organizationUnit": "", "organization": "", "location": "", "state": "", "country": ""});
    let crypto = json!({"applicationId": "REGISTRATION", "referenceId": "ENCRYPT", "timeStamp": km_tests::mosip::TIME, "data": "U2VsYW0", "salt": "AAECAwQFBgcICQoL", "aad": "AAECAwQFBgcICQoL"});
    vec![
        ("POST", "/generateMasterKey/CERTIFICATE", pair.clone()),
        ("POST", "/generateMasterKey/CSR", pair.clone()),
        (
            "POST",
            "/generateECSignKey/CERTIFICATE",
            json!({"applicationId": "OPENG2P", "referenceId": "EC_SECP256R1_SIGN", "force": false}),
        ),
        (
            "POST",
            "/generateSymmetricKey",
            json!({"applicationId": "TESTS", "referenceId": "SYMMETRIC", "force": false}),
        ),
        ("POST", "/generateCSR", pair),
        (
            "POST",
            "/uploadCertificate",
            json!({"applicationId": "TESTS", "referenceId": "", "certificateData": "no certificate"}),
        ),
        (
            "POST",
            "/uploadOtherDomainCertificate",
            json!({"applicationId": "PARTNER", "referenceId": "ERROR", "certificateData": "no certificate"}),
        ),
        ("PUT", "/revokeKey", json!({"applicationId": "TESTS", "referenceId": "NONE", "disableAutoGen": false})),
        ("POST", "/encrypt", crypto.clone()),
        ("POST", "/decrypt", crypto),
        (
            "POST",
            "/jwtSign",
            json!({"dataToSign": "e30", "applicationId": "OPENG2P", "referenceId": "", "includePayload": true, "includeCertificate": true, "includeCertHash": true, "certificateUrl": "https://a.example"}),
        ),
        (
            "POST",
            "/jwtVerify",
            json!({"jwtSignatureData": "e30.e30.e30", "actualData": "e30", "applicationId": "OPENG2P", "referenceId": "", "certificateData": "", "validateTrust": false, "domain": "AUTH"}),
        ),
    ]
}

on_both! {
    /// MOSIP answers some of these with 500.
    fn no_null_no_type_and_no_absence_is_a_fault_of_ours(system: &System) {
        let backend = system.mosip("backend");
        let values = [json!(null), json!(""), json!(" "), json!(true), json!(-1), json!(1.5), json!([]), json!({}), json!("\u{0}"), json!("é".repeat(500)), json!("null")];
        let mut faults = Vec::new();
        for (method, path, good) in calls() {
            let members: Vec<String> = good.as_object().expect("members").keys().cloned().collect();
            let mut send = |request: Value| {
                let answer = backend.send(method, path, Some("application/json"), enveloped(request.clone()).to_string().into_bytes());
                answer.is_envelope();
                let is_one = answer.body["response"].is_null() != answer.body["errors"].is_null();
                if answer.status != 200 || !is_one {
                    faults.push(format!("{method} {path} {request}: {} {}", answer.status, answer.text()));
                }
            };
            send(good.clone());
            send(json!({}));
            send(Value::Object(members.iter().map(|name| (name.clone(), Value::Null)).collect::<Map<_, _>>()));
            for member in &members {
                for value in &values {
                    // Who orders a new key gets one: that is no test of a value.
                    if member == "force" && *value == json!(true) {
                        continue;
                    }
                    let mut request = good.clone();
                    request[member] = value.clone();
                    send(request);
                }
                let mut request = good.clone();
                request.as_object_mut().expect("members").remove(member);
                send(request);
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    fn queries_are_read_as_leniently(system: &System) {
        let backend = system.mosip("backend");
        for path in ["/getCertificate", "/getAllCertificates", "/getCertificateChain"] {
            backend.get(&format!("{path}?applicationId=OPENG2P&referenceId=&unknown=x")).response();
            backend.get(&format!("{path}?applicationId=OPENG2P")).response();
            for query in ["", "?referenceId=ENCRYPT", "?applicationId=", "?applicationId=%20", "?applicationId=%00", "?applicationId=A&applicationId=B"] {
                let answer = backend.get(&format!("{path}{query}"));
                assert_eq!((answer.status, &answer.body["response"]), (200, &Value::Null), "{path}{query}: {}", answer.text());
                assert_eq!(answer.body["errors"][0]["errorCode"], "KER-KMS-005", "{path}{query}");
            }
        }
    }

    fn paths_and_methods_that_are_not_there_are_answered_in_the_envelope(system: &System) {
        let backend = system.mosip("backend");
        for (method, path) in [("GET", "/nothing"), ("GET", "/encrypt"), ("POST", "/getCertificate"), ("POST", "/revokeKey"), ("GET", "")] {
            let answer = backend.send(method, path, None, Vec::new());
            answer.refused_with(404, "KER-KMS-500");
        }
    }
}
