//! `GET /license/permission?tspId=&licenseKey=`

use km_tests::{Client, Options, System, on_both, on_each};
use serde_json::{Value, json};

use super::license_generate::license;

fn ask(client: &Client, provider: &str, key: &str) -> km_tests::Answer {
    client.get(&format!("/license/permission?tspId={provider}&licenseKey={key}"))
}

fn permit(client: &Client, provider: &str, key: &str, permissions: Value) {
    client
        .ask_mosip("/license/permission", json!({"tspId": provider, "licenseKey": key, "permissions": permissions}))
        .response();
}

on_both! {
    fn what_was_mapped_last_is_told(system: &System) {
        let backend = system.mosip("backend");
        let key = license(&backend, "TSP5");
        ask(&backend, "TSP5", &key).refused_with(200, "KER-LKM-009");
        permit(&backend, "TSP5", &key, json!(["OTP Trigger", "Biometric"]));
        assert_eq!(ask(&backend, "TSP5", &key).response()["permissions"], json!(["OTP Trigger", "Biometric"]));
        permit(&backend, "TSP5", &key, json!(["Biometric"]));
        assert_eq!(ask(&backend, "TSP5", &key).response()["permissions"], json!(["Biometric"]));
        ask(&backend, "TSP6", &key).refused_with(200, "KER-LKM-004");
        ask(&backend, "TSP5", "0123456789abcdef").refused_with(200, "KER-LKM-004");
        ask(&backend, "%20", &key).refused_with(200, "KER-LKM-001");
        ask(&backend, "TSP5", "").refused_with(200, "KER-LKM-006");
        backend.get("/license/permission").refused_with(200, "KER-LKM-001");
    }

    /// MOSIP serves everybody here.
    fn nobody_is_served_without_a_token(system: &System) {
        let key = license(&system.mosip("backend"), "TSP7");
        ask(&system.mosip_anyone(), "TSP7", &key).refused_with(401, "KER-ATH-401");
    }
}

on_each! {
    /// A row that somebody edited in the database is not believed; nor is a key whose time is over.
    fn an_edited_row_permits_nothing(database: Database) {
        let options = Options { mosip: Some("license_permissions = [\"OTP Trigger\"]".to_owned()), ..Options::default() };
        let system = System::start(database, options);
        let backend = system.mosip("backend");
        let key = license(&backend, "TSP");
        system.rows.sql("UPDATE mosip_license SET permissions = 'OTP Trigger'");
        assert_eq!(ask(&backend, "TSP", &key).status, 503);
        let soon = km_tests::now().plus(std::time::Duration::from_secs(2));
        let order = json!({"tspId": "TSP", "licenseExpiryTime": soon.to_string()});
        let key = backend.ask_mosip("/license/generate", order).response()["licenseKey"].as_str().expect("a key").to_owned();
        permit(&backend, "TSP", &key, json!(["OTP Trigger"]));
        let is_over = || ask(&backend, "TSP", &key).body["errors"][0]["errorCode"] == "KER-LKM-005";
        assert!(km_test_support::wait_until(std::time::Duration::from_secs(20), is_over));
    }
}
