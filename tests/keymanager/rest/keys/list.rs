//! `GET /v1/keys`

use std::collections::BTreeSet;

use km_tests::on_both;
use serde_json::Value;

const KEY: [&str; 9] =
    ["id", "purpose", "algorithm", "state", "created", "residence", "current_version", "allow", "versions"];
const VERSION: [&str; 9] =
    ["version", "state", "created", "activated", "deactivated", "residence", "kid", "born_at", "proof_of_birth"];

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

on_both! {
    /// Nothing but public facts: a member that is not on the list is a fault.
    fn each_key_shows_purpose_states_dates_and_where_it_lives(system: &System) {
        let key = system.key("sign", "P-256");
        system.rotate(&key);
        let list = system.rest("operator").get("/v1/keys").good();
        let keys = list["keys"].as_array().expect("keys");
        for shown in keys {
            assert!(names(shown).is_subset(&BTreeSet::from(KEY)), "{shown:#}");
            for version in shown["versions"].as_array().expect("versions") {
                assert!(names(version).is_subset(&BTreeSet::from(VERSION)), "{version:#}");
                assert!(["resident", "wrapped"].iter().any(|known| version["residence"] == *known), "{version:#}");
                assert!(version["created"].as_str().is_some_and(|time| time.ends_with('Z')), "{version:#}");
                assert!(version["proof_of_birth"].as_str().is_some_and(|proof| !proof.is_empty()), "{version:#}");
            }
        }
        let ours = keys.iter().find(|shown| shown["id"] == key.as_str()).expect("the key of this test");
        assert_eq!((&ours["purpose"], &ours["algorithm"], &ours["state"]), (&"sign".into(), &"P-256".into(), &"active".into()));
        assert_eq!(ours["current_version"], 2);
        assert_eq!(ours["allow"], serde_json::json!(["sealkeep-backend"]));
        let states: Vec<_> = ours["versions"].as_array().expect("versions").iter().map(|one| &one["state"]).collect();
        assert_eq!(states, ["deactivated", "active"]);
        assert!(ours["versions"][0]["deactivated"].is_string() && ours["versions"][1]["deactivated"].is_null());
    }

    fn the_list_is_of_the_callers_tenant_and_in_order(system: &System) {
        let key = system.key("encrypt", "AES-256");
        let ids = |who: &str| -> Vec<String> {
            let list = system.rest(who).get("/v1/keys").good();
            let keys = list["keys"].as_array().expect("keys");
            keys.iter().map(|key| key["id"].as_str().expect("an id").to_owned()).collect()
        };
        let (ours, theirs) = (ids("backend"), ids("other-backend"));
        assert!(ours.is_sorted() && ours.contains(&key) && !theirs.contains(&key));
        // Roots belong to the installation and to no tenant.
        for root in ["data-root", "key-root", "service-root"] {
            assert!(!ours.iter().chain(&theirs).any(|id| id == root), "{root}");
        }
    }
}
