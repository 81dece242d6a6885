//! `GET …/records`

use std::collections::BTreeSet;

use km_tests::on_both;
use km_tests::people::{draft, national_id};
use serde_json::{Value, json};

use crate::{RECORDS, put};

on_both! {
    fn pages_hold_every_record_once_and_clear_attributes_only(system: &System) {
        let sender = system.reader("backend");
        // An area that no other test uses.
        let area = format!("ET-{}", 1000 + u32::from(system.rows.is_sqlite()));
        let made: BTreeSet<String> = (0..7)
            .map(|_| {
                let mut person = draft(&national_id());
                person.fields.insert("admin_code".into(), json!(area));
                put(system, &sender, &person).good();
                person.record.to_string()
            })
            .collect();
        let client = system.registry("caseworker");
        let (mut seen, mut next, mut pages) = (Vec::new(), Some(String::new()), 0);
        while let Some(cursor) = next {
            let cursor = if cursor.is_empty() { cursor } else { format!("&cursor={cursor}") };
            let end = system.log_end();
            let answer = client.get(&format!("{RECORDS}?limit=3&clear.admin_code={area}{cursor}"));
            let event = system.events_of(end, &answer.request_id).is("registry.list", "done", "").clone();
            let page = answer.good();
            let records = page["records"].as_array().expect("records").clone();
            assert_eq!(event["count"], records.len());
            for record in &records {
                assert_eq!(record["clear"]["admin_code"], json!(area));
                assert!(!record.to_string().contains("Sample"), "{record}");
                seen.push(record["record"].as_str().expect("an id").to_owned());
            }
            next = page["next"].as_str().map(str::to_owned);
            pages += 1;
        }
        assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>(), pages), (7, made, 3));
    }

    fn personal_fields_and_other_parameters_are_refused(system: &System) {
        let client = system.registry("caseworker");
        for query in [
            "limit=0",
            "limit=1001",
            "limit=canary",
            "limit=1&limit=2",
            "cursor=canary",
            "clear.national_id=canary",
            "clear.no_such=canary",
            "national_id=canary",
            "clear.admin_code=a&clear.admin_code=b",
            "clear.=canary",
            "cursor=MTonIE9SIDE9MQ",
            "order=canary",
        ] {
            let refused = client.get(&format!("{RECORDS}?{query}"));
            assert_eq!(refused.status, 400, "{query}: {}", refused.text());
            refused.is_problem();
            assert!(!refused.text().contains("canary"), "{query}: {}", refused.text());
        }
        // A filter that fits nothing finds nothing, whatever it holds.
        let none = client.get(&format!("{RECORDS}?clear.admin_code=%27%20OR%201%3D1")).good();
        assert_eq!(none["records"], Value::Array(Vec::new()));
    }

    fn who_may_not_list_is_refused_and_recorded(system: &System) {
        for who in ["officer", "auditor", "operator", "nobody"] {
            let end = system.log_end();
            let refused = system.registry(who).get(RECORDS).refused(403, "role-missing");
            let events = system.events_of(end, &refused.request_id).0;
            assert!(
                events.iter().any(|event| event["outcome"] == "refused" && event["reason"] == "role-missing"),
                "{who}: {events:#?}"
            );
        }
        system.registry_anyone().get(RECORDS).refused(401, "token-missing");
    }
}
