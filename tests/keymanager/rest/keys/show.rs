//! `GET /v1/keys/{id}`

use km_tests::on_both;

on_both! {
    fn a_key_is_shown_as_in_the_list(system: &System) {
        let (key, backend) = (system.key("mac", "HMAC-SHA-256"), system.rest("backend"));
        let shown = backend.get(&format!("/v1/keys/{key}")).good();
        let list = backend.get("/v1/keys").good();
        let listed = list["keys"].as_array().expect("keys").iter().find(|one| one["id"] == key.as_str());
        assert_eq!(Some(&shown), listed);
        assert_eq!(shown["versions"][0]["kid"], format!("{key}.1"));
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
