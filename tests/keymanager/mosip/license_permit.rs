//! `POST /license/permission`

use km_tests::on_both;
use serde_json::json;

use super::license_generate::license;

on_both! {
    fn only_known_permissions_are_mapped(system: &System) {
        let backend = system.mosip("backend");
        let key = license(&backend, "TSP2");
        let permit = |permissions| backend.ask_mosip("/license/permission", json!({"tspId": "TSP2", "licenseKey": key, "permissions": permissions}));
        assert_eq!(permit(json!(["OTP Trigger"])).response()["status"], "Mapped License with the permissions");
        for none in [json!([]), json!(null)] {
            permit(none).refused_with(200, "KER-KMS-005");
        }
        permit(json!(["OTP Trigger", "Anything"])).refused_with(200, "KER-LKM-003");
        permit(json!(["OTP Trigger", " "])).refused_with(200, "KER-LKM-007");
        permit(json!([null])).refused_with(200, "KER-LKM-007");
        permit(json!(vec!["OTP Trigger"; 101])).refused_with(200, "KER-KMS-005");
    }

    fn a_key_is_its_providers(system: &System) {
        let backend = system.mosip("backend");
        let key = license(&backend, "TSP3");
        let permit = |provider: &str, key: &str| backend.ask_mosip("/license/permission", json!({"tspId": provider, "licenseKey": key, "permissions": ["OTP Trigger"]}));
        permit("TSP4", &key).refused_with(200, "KER-LKM-004");
        permit("TSP3", "0123456789abcdef").refused_with(200, "KER-LKM-004");
        permit("", &key).refused_with(200, "KER-LKM-001");
        permit("TSP3", " ").refused_with(200, "KER-LKM-006");
        let end = system.log_end();
        let answer = permit("TSP3", &key);
        let event = system.events_of(end, &answer.request_id).is("policy.set", "done", "").clone();
        assert!(!event.to_string().contains(&key), "{event}");
    }
}
