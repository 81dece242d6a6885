//! `POST /v1/officer/tenants`

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use km_proto::v1::RewrapStatusRequest;
use km_tests::identities::DEMO;
use km_tests::{Client, Options, System, on_both, on_each};
use serde_json::{Value, json};

const PATH: &str = "/v1/officer/tenants";

/// A tenant that no other test makes.
fn new_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    format!("tenant-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Somebody of this tenant with the roles of an identity of the first.
fn of(system: &System, tenant: &str, like: &str) -> Client {
    let token = system.forged_token(like, &json!({}), &json!({"tenant": tenant}));
    match like {
        "officer" => {
            let workstation = system.certificate(tenant, "officer", "workstation");
            system.at_officer_door(Some(workstation.files())).with_token(token)
        }
        _ => system.anyone().with_token(token),
    }
}

fn names(made: &Value) -> BTreeSet<String> {
    let made = made["made"].as_array().expect("a list");
    made.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// Keys of a tenant that callers have not made, without those of the MOSIP dialect, which serves one tenant.
fn own_keys(listed: &Value, tenant: &str) -> BTreeSet<String> {
    let keys = listed["keys"].as_array().expect("keys");
    let own = keys.iter().filter(|key| key.get("allow").is_none());
    let ids = own.map(|key| key["id"].as_str().expect("an id")).filter(|id| !id.starts_with("mosip-"));
    ids.map(|id| format!("{tenant}/{id}")).collect()
}

on_both! {
    fn a_tenant_is_made_with_its_keys_and_works(system: &System) {
        let name = new_name();
        let end = system.log_end();
        let answer = system.officer("officer").post(PATH, json!({"name": name}));
        assert_eq!(answer.status, 201, "{}", answer.text());
        let request_id = answer.request_id.clone();
        let made = answer.good();
        // The same keys as the tenant that init made.
        let mut expected = own_keys(&system.rest("operator").get("/v1/keys").good(), DEMO);
        expected = expected.iter().map(|key| key.replacen(DEMO, &name, 1)).collect();
        assert!(expected.len() > 5);
        assert_eq!(own_keys(&of(system, &name, "operator").get("/v1/keys").good(), &name), expected);
        expected.insert(format!("tenant {name}"));
        assert_eq!((names(&made), &made["name"]), (expected.clone(), &json!(name)));
        // The deed stands in the log of the officer's tenant, the keys in that of the new one.
        let event = system.events_of(end, &request_id).is("tenant.created", "done", "").clone();
        assert_eq!(event["object"], format!("tenant {name}"));
        let events = of(system, &name, "auditor").get(&format!("/v1/log/events?from={end}&limit=1000")).good();
        let of_keys: Vec<_> = events["events"].as_array().expect("events").iter().filter(|event| event["tenant"] == name.as_str()).collect();
        assert_eq!(of_keys.iter().filter(|event| event["kind"] == "key.create.outcome" && event["outcome"] == "done").count(), expected.len() - 1);
        assert!(of_keys.iter().filter(|one| one["kind"] != "log.read").all(|one| one["actor"]["name"] == event["actor"]["name"]), "{of_keys:#?}");
        // Its people and its registry are served.
        let key = json!({"id": "first", "purpose": "mac", "algorithm": "HMAC-SHA-256", "allow": ["sealkeep-backend"]});
        of(system, &name, "officer").post("/v1/officer/keys", key).good();
        of(system, &name, "backend").post("/v1/keys/first/mac", json!({"message": "AAAA"})).good();
        let jwks = system.anyone().get(&format!("/.well-known/jwks.json?tenant={name}")).good();
        for purpose in ["ingest", "answer"] {
            assert!(jwks["keys"].as_array().expect("keys").iter().any(|key| key["purpose"] == purpose && key["tenant"] == name.as_str()));
        }
        system.grpc(&name).rewrap_status(RewrapStatusRequest {}).good();
    }

    fn again_it_changes_nothing(system: &System) {
        let name = new_name();
        system.officer("officer").post(PATH, json!({"name": name})).good();
        let before = of(system, &name, "operator").get("/v1/keys").good();
        let again = system.officer("second-officer").post(PATH, json!({"name": name}));
        assert_eq!((again.status, &again.body), (200, &json!({"name": name, "made": []})));
        assert_eq!(of(system, &name, "operator").get("/v1/keys").good(), before);
    }

    /// As a crash leaves it: the tenant is there, of its keys some are.
    fn an_interrupted_one_is_finished(system: &System) {
        let name = new_name();
        system.rows.sql(&format!("INSERT INTO tenant (name, created) VALUES ('{name}', 0)"));
        let answer = system.officer("officer").post(PATH, json!({"name": name}));
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = names(&answer.body);
        assert!(made.contains(&format!("{name}/kek")) && !made.contains(&format!("tenant {name}")), "{made:?}");
    }

    fn of_several_at_once_each_thing_is_made_by_one(system: &System) {
        let name = new_name();
        let end = system.log_end();
        let officers: Vec<_> = (0..3).map(|_| system.officer("officer")).collect();
        let answers: Vec<_> = std::thread::scope(|scope| {
            let callers: Vec<_> = officers.iter().map(|officer| scope.spawn(|| officer.post(PATH, json!({"name": name})))).collect();
            callers.into_iter().map(|caller| caller.join().expect("an answer").good()).collect()
        });
        let all: Vec<String> = answers.iter().flat_map(names).collect();
        let once: BTreeSet<String> = all.iter().cloned().collect();
        assert_eq!(all.len(), once.len(), "{all:?}");
        let listed = of(system, &name, "operator").get("/v1/keys").good();
        assert_eq!(own_keys(&listed, &name).len() + 1, once.len());
        let created = system.events_from("auditor", end);
        let created = created.iter().filter(|event| event["object"] == format!("tenant {name}") && event["outcome"] == "done");
        assert_eq!(created.count(), 1);
    }

    fn only_officers_of_the_operators_tenant_make_one(system: &System) {
        let answer = system.officer("other-officer").post(PATH, json!({"name": new_name()})).refused(403, "not-operators-tenant");
        let events = system.events_from("other-auditor", 0);
        let refused = events.iter().find(|event| event["request_id"] == answer.request_id.as_str()).expect("the event");
        assert_eq!((&refused["kind"], &refused["outcome"]), (&json!("tenant.created"), &json!("refused")));
    }

    fn a_name_must_be_a_name_and_not_the_installations(system: &System) {
        let officer = system.officer("officer");
        let answer = officer.post(PATH, json!({"name": "system"})).refused(400, "invalid-request");
        assert_eq!(answer.body["field"], "name");
        for bad in ["", "North", "no rth", "../demo", "1st", &"n".repeat(65)] {
            let answer = officer.post(PATH, json!({"name": bad})).refused(400, "malformed-body");
            assert_eq!(answer.body["field"], "name");
        }
    }
}

on_each! {
    /// Where configuration names no operators, the command line is the only way.
    fn without_an_operators_tenant_nobody_makes_one(database: Database) {
        let system = System::start(database, Options::default());
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        let file = system.config("keymanager");
        let text = std::fs::read_to_string(&file).expect("the configuration");
        std::fs::write(&file, text.replace("operators_tenant = \"demo\"\n", "")).expect("the configuration");
        system.start_key_manager();
        system.wait_until_ready();
        system.officer("officer").post(PATH, json!({"name": "north"})).refused(403, "not-operators-tenant");
        system.key_manager(&["init", "--tenant", "north"]).good();
        assert_eq!(system.rows.sql("SELECT count(*) FROM tenant WHERE name = 'north'"), "1");
    }
}
