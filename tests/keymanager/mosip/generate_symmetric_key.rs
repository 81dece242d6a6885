//! `POST /generateSymmetricKey`

use km_tests::on_both;
use serde_json::json;

use super::{all, current, fresh};

on_both! {
    fn a_key_is_made_once_and_anew_when_forced(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let order = |force| {
            let request = json!({"applicationId": "KERNEL", "referenceId": reference, "force": force});
            backend.ask_mosip("/generateSymmetricKey", request).response()["status"].as_str().expect("a status").to_owned()
        };
        assert_eq!(order(json!(null)), "Generation Success");
        let end = system.log_end();
        assert_eq!(order(json!(false)), "Key Exists.");
        let events = system.events_from("auditor", end);
        assert!(events.iter().any(|event| event["reason"] == "key-exists" && event["object"] == format!("KERNEL/{reference}")), "{events:#?}");
        assert_eq!(order(json!(true)), "Generation Success");
        let rows = system.rows.sql(&format!("SELECT kind, thumbprint FROM mosip_alias WHERE reference = '{reference}'"));
        assert_eq!(rows, "symmetric|\nsymmetric|");
        // It has no certificate that anybody could list.
        assert_eq!(all(&backend, "KERNEL", &reference).len(), 0);
    }

    fn a_name_has_one_kind_of_key(system: &System) {
        let backend = system.mosip("backend");
        let before = current(&backend, "OPENG2P", "ENCRYPT")["certificate"].clone();
        let request = json!({"applicationId": "OPENG2P", "referenceId": "ENCRYPT", "force": true});
        backend.ask_mosip("/generateSymmetricKey", request).refused_with(200, "KER-KMS-010");
        assert_eq!(current(&backend, "OPENG2P", "ENCRYPT")["certificate"], before);
        let reference = fresh("REF");
        backend.ask_mosip("/generateSymmetricKey", json!({"applicationId": "OPENG2P", "referenceId": reference})).response();
        backend.put("/revokeKey", km_tests::mosip::enveloped(json!({"applicationId": "OPENG2P", "referenceId": reference}))).response();
        backend.ask_mosip("/encrypt", km_tests::mosip::to_encrypt("OPENG2P", &reference, "Selam")).refused_with(200, "KER-KMS-010");
    }

    fn both_ids_are_needed(system: &System) {
        let backend = system.mosip("backend");
        for request in [json!({"applicationId": "KERNEL"}), json!({"referenceId": "X"}), json!({"applicationId": "KERNEL", "referenceId": " "})] {
            assert_eq!(backend.ask_mosip("/generateSymmetricKey", request).body["errors"][0]["errorCode"], "KER-KMS-005");
        }
    }
}
