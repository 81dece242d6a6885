//! Statuses, and that nothing is answered by a fault of ours.

use km_tests::mosip::enveloped;
use km_tests::on_both;
use serde_json::{Map, Value, json};

/// Every call that takes a body: its members, with values that are good.
fn calls() -> Vec<(&'static str, &'static str, Value)> {
    let pair = json!({"applicationId": "TESTS", "referenceId": "", "force": false, "commonName": "", "organizationUnit": "", "organization": "", "location": "", "state": "", "country": ""});
    let crypto = json!({"applicationId": "REGISTRATION", "referenceId": "ENCRYPT", "timeStamp": km_tests::mosip::TIME, "data": "U2VsYW0", "salt": "AAECAwQFBgcICQoL", "aad": "AAECAwQFBgcICQoL"});
    let jws = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "referenceId": "", "includePayload": true, "includeCertificate": true, "includeCertificateChain": true, "includeCertHash": true, "certificateUrl": "https://a.example", "validateJson": false, "b64JWSHeaderParam": false, "signAlgorithm": "PS256", "additionalHeaders": {}});
    let raw = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "referenceId": "", "responseEncodingFormat": "base58btc", "signAlgorithm": "PS256"});
    let cose = json!({"payload": "e30", "applicationId": "OPENG2P", "referenceId": "", "protectedHeader": {"kid": "x"}, "unprotectedHeader": {}, "algorithm": "PS256"});
    let verify = json!({"coseSignedData": "d28443a10126a04100", "applicationId": "OPENG2P", "referenceId": "", "certificateData": "", "issuer": "i", "subject": "s", "validateTrust": true, "domain": "AUTH"});
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
        ("POST", "/encryptWithPin", json!({"data": "x", "userPin": "1234"})),
        ("POST", "/decryptWithPin", json!({"data": "AAAA", "userPin": "1234"})),
        ("POST", "/generateArgon2Hash", json!({"inputData": "x", "salt": "AAAA"})),
        (
            "POST",
            "/jwtEncrypt",
            json!({"applicationId": "OPENG2P", "referenceId": "ENCRYPT", "data": "e30", "enableDefCompression": true, "includeCertificate": true, "includeCertHash": true, "jwkSetUrl": "https://a.example", "x509Certificate": ""}),
        ),
        (
            "POST",
            "/jwtDecrypt",
            json!({"applicationId": "OPENG2P", "referenceId": "ENCRYPT", "encData": "e30.AA.AA.AA.AA"}),
        ),
        ("POST", "/sign", json!({"data": "x"})),
        ("POST", "/validate", json!({"signature": "e30..AA", "data": "x", "timestamp": km_tests::mosip::TIME})),
        ("POST", "/jwsSign", jws.clone()),
        ("POST", "/jwsSign/v2", jws.clone()),
        ("POST", "/jwtSign/v2", jws),
        (
            "POST",
            "/jwtVerify/v2",
            json!({"jwtSignatureData": "e30.e30.e30", "actualData": "e30", "applicationId": "OPENG2P", "referenceId": "", "certificateData": "", "validateTrust": false, "domain": "AUTH"}),
        ),
        ("POST", "/signV2", raw.clone()),
        ("POST", "/signRawData", raw),
        ("POST", "/coseSign1", cose),
        ("POST", "/coseVerify1", verify.clone()),
        (
            "POST",
            "/cwtSign",
            json!({"payload": "e30", "claim169Payload": "a0", "applicationId": "OPENG2P", "referenceId": "", "protectedHeader": {}, "unprotectedHeader": {}, "algorithm": "PS256", "issuer": "i", "subject": "s", "audience": "a", "expireDays": 1, "notBeforeDays": 1, "cwtid": "UUID"}),
        ),
        ("POST", "/cwtVerify", verify),
        (
            "POST",
            "/pdf/sign",
            json!({"applicationId": "OPENG2P", "referenceId": "", "timeStamp": km_tests::mosip::TIME, "data": "AAAA", "lowerLeftX": 0, "lowerLeftY": 0, "upperRightX": 0, "upperRightY": 0, "reason": "x", "pageNumber": 1, "password": ""}),
        ),
        ("POST", "/zkEncrypt", json!({"id": "1", "zkDataAttributes": [{"identifier": "a", "value": "b"}]})),
        ("POST", "/zkDecrypt", json!({"id": "1", "zkDataAttributes": [{"identifier": "a", "value": "AAAA"}]})),
        (
            "POST",
            "/migrateZKKeys",
            json!({"zkEncryptedDataList": [{"keyIndex": 1, "encryptedKeyData": "AAAA"}], "purgeTempKeyFlag": false}),
        ),
        ("POST", "/cssign", json!({"data": "AAAA"})),
        (
            "POST",
            "/csverifysign",
            json!({"data": "AAAA", "signature": "AAAA", "publicKey": "AAAA", "tpm": false, "clientType": "LOCAL"}),
        ),
        ("POST", "/tpmencrypt", json!({"value": "AAAA", "publicKey": "AAAA", "tpm": false, "clientType": "LOCAL"})),
        ("POST", "/tpmdecrypt", json!({"value": "AAAA", "publicKey": "AAAA", "tpm": false, "clientType": "LOCAL"})),
        ("POST", "/tpmsigning/publickey", json!({"serverProfile": "x"})),
        ("POST", "/tpmencryption/publickey", json!({"serverProfile": "x"})),
        (
            "POST",
            "/migrateBaseKey",
            json!({"applicationId": "PARTNER", "referenceId": "ERROR", "encryptedKeyData": "NA", "certificateData": "no certificate", "notBefore": km_tests::mosip::TIME, "notAfter": km_tests::mosip::TIME}),
        ),
        ("POST", "/license/generate", json!({"tspId": "ERROR", "licenseExpiryTime": "2099-01-01T00:00:00.000Z"})),
        (
            "POST",
            "/license/permission",
            json!({"tspId": "ERROR", "licenseKey": "0123456789abcdef", "permissions": ["Biometric"]}),
        ),
        ("POST", "/uploadCACertificate", json!({"certificateData": "no certificate", "partnerDomain": "AUTH"})),
        (
            "POST",
            "/uploadPartnerCertificate",
            json!({"certificateData": "no certificate", "organizationName": "Example", "partnerDomain": "AUTH"}),
        ),
        ("POST", "/verifyCertificateTrust", json!({"certificateData": "no certificate", "partnerDomain": "AUTH"})),
        (
            "POST",
            "/getCaCertificates",
            json!({"caCertificateType": "ROOT", "partnerDomain": "AUTH", "excludeMosipCA": true, "sortOrder": "DESC", "pageNumber": 1, "pageSize": 1, "certId": "x", "issuedTo": "x", "issuedBy": "x", "validFromDate": km_tests::mosip::TIME, "validTillDate": km_tests::mosip::TIME, "uploadTime": km_tests::mosip::TIME, "expiringWithinDate": km_tests::mosip::TIME, "sortByFieldName": "certId"}),
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
                    // Who orders a new key gets one, and who ends one ends it for other tests: that is no test of a value.
                    if ["force", "purgeTempKeyFlag"].contains(&member.as_str()) && *value == json!(true) {
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
