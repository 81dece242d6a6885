//! `/docs/errors`: every code that the registry answers with is explained.

use km_tests::on_both;
use serde_json::json;

use crate::RECORDS;

on_both! {
    fn each_code_has_its_cause_and_remedy(system: &System) {
        let page = system.registry_anyone().get("/docs/errors").text();
        let client = system.registry("caseworker");
        for answer in [
            client.get("/v1/nothing"),
            client.get("/v1/registers/nothing"),
            client.get(&format!("{RECORDS}?limit=0")),
            client.post(&format!("{RECORDS}/find"), json!({"request": "AAAA"})),
            client.post(&format!("{RECORDS}/find"), json!({"national_id": "1"})),
            system.registry("nobody").get(RECORDS),
            system.registry_anyone().get(RECORDS),
        ] {
            answer.is_problem();
            assert!(page.contains(&format!("id=\"{}\"", answer.code())), "{} is not explained", answer.code());
        }
    }
}
