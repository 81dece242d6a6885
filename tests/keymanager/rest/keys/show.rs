//! `GET /v1/keys/{id}`

use km_tests::on_both;
use serde_json::json;

on_both! {
    fn a_key_is_shown_as_in_the_list(system: &System) {
        let (key, backend) = (system.key("mac", "HMAC-SHA-256"), system.rest("backend"));
        let shown = backend.get(&format!("/v1/keys/{key}")).good();
        let list = backend.get("/v1/keys").good();
        let listed = list["keys"].as_array().expect("keys").iter().find(|one| one["id"] == key.as_str());
        assert_eq!(Some(&shown), listed);
        assert_eq!(shown["versions"][0]["kid"], format!("{key}.1"));
    }

    /// Each version names the event that recorded its making, and goes on naming it after later changes.
    fn a_version_names_the_event_of_its_birth_for_ever(system: &System) {
        let key = system.key("sign", "P-256");
        system.rotate(&key);
        system.rotate(&key);
        let shown = system.rest("backend").get(&format!("/v1/keys/{key}")).good();
        let versions = shown["versions"].as_array().expect("versions");
        assert_eq!(versions.len(), 3);
        for (version, kind) in versions.iter().zip(["key.create.outcome", "key.rotate.outcome", "key.rotate.outcome"]) {
            let born_at = version["born_at"].as_u64().expect("an index");
            let page = system.rest("auditor").get(&format!("/v1/log/events?from={born_at}&limit=1")).good();
            let event = &page["events"][0];
            assert_eq!((&event["index"], &event["kind"], &event["outcome"]), (&json!(born_at), &json!(kind), &json!("done")));
            assert_eq!((&event["key"], &event["key_version"]), (&json!(key), &version["version"]), "{event:#}");
            let proof = version["proof_of_birth"].as_str().expect("a text");
            assert!(proof.contains(&format!("event {born_at} of the log")), "{proof}");
        }
    }

    fn an_unknown_and_another_tenants_key_look_the_same(system: &System) {
        let (key, theirs) = (system.key("mac", "HMAC-SHA-256"), system.rest("other-backend"));
        let end = system.log_end();
        let unknown = system.rest("backend").get("/v1/keys/nothing").refused(404, "key-not-found");
        system.events_of(end, &unknown.request_id).is("access.refused", "refused", "key-not-found");
        let foreign = theirs.get(&format!("/v1/keys/{key}")).refused(404, "key-not-found");
        assert_eq!(unknown.without_request_id(), foreign.without_request_id());
    }
}
