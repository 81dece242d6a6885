//! `POST /generateSymmetricKey`

use km_tests::on_both;
use serde_json::json;

use super::{all, fresh};

on_both! {
    fn a_key_is_made_once_and_anew_when_forced(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let order = |force| {
            let request = json!({"applicationId": "KERNEL", "referenceId": reference, "force": force});
            backend.ask_mosip("/generateSymmetricKey", request).response()["status"].as_str().expect("a status").to_owned()
        };
        assert_eq!(order(json!(null)), "Generation Success");
        assert_eq!(order(json!(false)), "Key Exists.");
        assert_eq!(order(json!(true)), "Generation Success");
        let rows = system.rows.sql(&format!("SELECT kind, thumbprint FROM mosip_alias WHERE reference = '{reference}'"));
        assert_eq!(rows, "symmetric|\nsymmetric|");
        // It has no certificate that anybody could list.
        assert_eq!(all(&backend, "KERNEL", &reference).len(), 0);
    }

    fn both_ids_are_needed(system: &System) {
        let backend = system.mosip("backend");
        for request in [json!({"applicationId": "KERNEL"}), json!({"referenceId": "X"}), json!({"applicationId": "KERNEL", "referenceId": " "})] {
            assert_eq!(backend.ask_mosip("/generateSymmetricKey", request).body["errors"][0]["errorCode"], "KER-KMS-005");
        }
    }
}
