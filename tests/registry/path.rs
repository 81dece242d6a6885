//! Names in a path.

use km_tests::on_both;
use km_tests::people::new_id;
use serde_json::json;

use crate::RECORDS;

on_both! {
    fn a_record_has_one_spelling_and_nothing_else_is_one(system: &System) {
        let id = new_id().to_string();
        let client = system.registry("backend").with_header("if-none-match", "*");
        for bad in
            [id.to_uppercase(), id.replace('-', ""), "canary".into(), "%27%20OR%201%3D1".into(), format!("%7B{id}%7D")]
        {
            let refused = client.put(&format!("{RECORDS}/{bad}"), json!({"jwe": "AAAA"}));
            assert_eq!((refused.status, &refused.body["field"]), (400, &json!("id")), "{bad}: {}", refused.text());
            assert!(!refused.text().contains("canary"));
        }
        for path in ["/v1/registers/individual/records/a/b/c", "/v1/registers//records", "/v2/registers", "/"] {
            client.get(path).refused(404, "not-found");
        }
        let patch = client.send("PATCH", &format!("{RECORDS}/{id}"), Some("application/json"), b"{}".to_vec());
        patch.refused(405, "method-not-allowed");
    }
}
