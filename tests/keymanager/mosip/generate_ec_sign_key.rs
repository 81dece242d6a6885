//! `POST /generateECSignKey/{objectType}`

use km_tests::on_both;
use serde_json::{Value, json};

use super::{all, current, is_signed_by, x509};

on_both! {
    fn a_key_on_p256_signs_with_es256(system: &System) {
        let backend = system.mosip("backend");
        let order = json!({"applicationId": "REGISTRY", "referenceId": "EC_SECP256R1_SIGN"});
        let made = backend.ask_mosip("/generateECSignKey/CERTIFICATE", order.clone()).response();
        assert_eq!(backend.ask_mosip("/generateECSignKey/CERTIFICATE", order).response()["certificate"], made["certificate"]);
        let text = x509(system, &made["certificate"], "-text");
        // It issues nothing, whatever MOSIP's says.
        assert!(text.contains("CA:FALSE") && text.contains("prime256v1") && text.contains("sha256WithRSAEncryption"), "{text}");
        assert!(is_signed_by(system, &made["certificate"], &[&current(&backend, "ROOT", "")["certificate"]]));
        let sign = json!({"dataToSign": "e30", "applicationId": "REGISTRY", "referenceId": "EC_SECP256R1_SIGN", "includePayload": true});
        let jws = backend.ask_mosip("/jwtSign", sign).response()["jwtSignedData"].as_str().expect("a JWS").to_owned();
        let header: Value = serde_json::from_slice(&km_tests::from_base64url(jws.split('.').next().expect("a header"))).expect("JSON");
        assert_eq!((&header["alg"], &header["kid"]), (&json!("ES256"), &all(&backend, "REGISTRY", "EC_SECP256R1_SIGN")[0]["keyId"]));
        let verify = json!({"jwtSignatureData": jws, "applicationId": "REGISTRY", "referenceId": "EC_SECP256R1_SIGN"});
        assert_eq!(backend.ask_mosip("/jwtVerify", verify).response()["signatureValid"], true);
    }

    fn other_names_are_refused(system: &System) {
        let backend = system.mosip("backend");
        for (application, reference, code) in [
            ("REGISTRY", "", "KER-KMS-030"), ("REGISTRY", "ENCRYPT", "KER-KMS-030"), ("ROOT", "EC_SECP256R1_SIGN", "KER-KMS-030"),
            ("NOWHERE", "EC_SECP256R1_SIGN", "KER-KMS-002"), ("REGISTRY", "EC_SECP256K1_SIGN", "KER-KMA-010"),
        ] {
            let order = json!({"applicationId": application, "referenceId": reference});
            backend.ask_mosip("/generateECSignKey/CERTIFICATE", order).refused_with(200, code);
        }
    }
}
