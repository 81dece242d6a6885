//! `POST /generateECSignKey/{objectType}`

use km_tests::openssl::der_form;
use km_tests::{from_base64url, on_both};
use serde_json::{Value, json};

use super::{all, current, file, is_signed_by, openssl_takes, x509};

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

    fn a_key_on_secp256k1_signs_with_es256k(system: &System) {
        let backend = system.mosip("backend");
        let of_key = json!({"applicationId": "REGISTRY", "referenceId": "EC_SECP256K1_SIGN"});
        let certificate = backend.ask_mosip("/generateECSignKey/CERTIFICATE", of_key.clone()).response()["certificate"].clone();
        let text = x509(system, &certificate, "-text");
        assert!(text.contains("CA:FALSE") && text.contains("ASN1 OID: secp256k1") && text.contains("sha256WithRSAEncryption"), "{text}");
        assert!(is_signed_by(system, &certificate, &[&current(&backend, "REGISTRY", "")["certificate"], &current(&backend, "ROOT", "")["certificate"]]));
        assert!(!text.contains("prime256v1"), "{text}");
        for (path, member) in [("/jwtSign", "jwtSignedData"), ("/jwsSign", "jwtSignedData")] {
            let mut request = of_key.clone();
            request["dataToSign"] = "e30".into();
            request["includePayload"] = true.into();
            request["b64JWSHeaderParam"] = true.into();
            let jws = backend.ask_mosip(path, request).response()[member].as_str().expect("a JWS").to_owned();
            let [protected, payload, signature] = jws.split('.').collect::<Vec<_>>().try_into().expect("three parts");
            let header: Value = serde_json::from_slice(&from_base64url(protected)).expect("JSON");
            assert_eq!(header["alg"], "ES256K");
            let signature = der_form(&from_base64url(signature));
            assert!(openssl_takes(system, &certificate, format!("{protected}.{payload}").as_bytes(), &signature, ""), "{path}");
            let verify = |jws: &str| {
                let mut request = of_key.clone();
                request["jwtSignatureData"] = jws.into();
                backend.ask_mosip("/jwtVerify", request).response()["signatureValid"].clone()
            };
            assert_eq!(verify(&jws), true, "{path}");
            assert_eq!(verify(&jws.replacen(payload, "e31", 1)), false, "{path}");
        }
        // Also by its own certificate, and a request for another certificate proves that the key is there.
        let csr = backend.ask_mosip("/generateCSR", of_key).response()["certSignRequest"].clone();
        let request = file(system, csr.as_str().expect("PEM"));
        let said = km_tests::openssl::openssl("req -verify -noout -text -in", &[&request]).good().output;
        assert!(said.contains("secp256k1"), "{said}");
    }

    fn other_names_are_refused(system: &System) {
        let backend = system.mosip("backend");
        for (application, reference, code) in [
            ("REGISTRY", "", "KER-KMS-030"), ("REGISTRY", "ENCRYPT", "KER-KMS-030"), ("ROOT", "EC_SECP256R1_SIGN", "KER-KMS-030"),
            ("NOWHERE", "EC_SECP256R1_SIGN", "KER-KMS-002"),
        ] {
            let order = json!({"applicationId": application, "referenceId": reference});
            backend.ask_mosip("/generateECSignKey/CERTIFICATE", order).refused_with(200, code);
        }
    }
}
