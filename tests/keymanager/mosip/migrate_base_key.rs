//! `POST /migrateBaseKey`

use km_tests::{base64url, on_both};
use serde_json::json;

use super::{all, fresh};

on_both! {
    fn anothers_certificate_comes_in_once(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let (_, pem) = km_tests::openssl::self_signed(system.folder(), km_tests::openssl::RSA, "partner");
        let mut request = json!({"applicationId": "PARTNER", "referenceId": reference, "encryptedKeyData": "NA", "certificateData": pem, "notBefore": km_tests::mosip::TIME, "notAfter": "2027-11-22T09:30:00.000Z"});
        let migrate = |request: &serde_json::Value| backend.ask_mosip("/migrateBaseKey", request.clone()).response()["status"].clone();
        assert_eq!(migrate(&request), "Migration Success");
        assert_eq!(all(&backend, "PARTNER", &reference)[0]["certificateData"].as_str().map(str::trim), Some(pem.trim()));
        assert_eq!(migrate(&request), "Migration Not Allowed. Valid Key Exists.");
        assert_eq!(all(&backend, "PARTNER", &reference).len(), 1);
        request["certificateData"] = json!("no certificate");
        backend.ask_mosip("/migrateBaseKey", request.clone()).refused_with(200, "KER-KMS-013");
        request["applicationId"] = json!("OPENG2P");
        request["referenceId"] = json!("ENCRYPT");
        request["certificateData"] = json!(pem);
        backend.ask_mosip("/migrateBaseKey", request).refused_with(200, "KER-KMS-015");
    }

    /// Private keys come in wrapped for the token, not under a key that signs here.
    fn private_keys_do_not_come_this_way(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let (_, pem) = km_tests::openssl::self_signed(system.folder(), km_tests::openssl::RSA, "partner");
        let request = json!({"applicationId": "PARTNER", "referenceId": reference, "encryptedKeyData": base64url([7; 600]), "certificateData": pem});
        let answer = backend.ask_mosip("/migrateBaseKey", request);
        assert!(answer.refused_with(200, "KER-KMS-005").contains("kmctl import-mosip"));
        assert!(all(&backend, "PARTNER", &reference).is_empty());
    }
}
