//! `Idempotency-Key`: the same key with the same request does the thing once and gets the same answer.

use km_client::{Holder, enrolment};
use km_domain::SecretText;
use km_tests::call::request_id;
use km_tests::system::new_key_id;
use km_tests::{Answer, Client, Options, Reader, System, now, on_both, on_each};
use serde_json::{Value, json};

const KEY: &str = "idempotency-key";

/// The caller with a key that nobody used yet.
fn once(client: Client) -> Client {
    client.with_header(KEY, &request_id())
}

fn wanted() -> Value {
    json!({"id": new_key_id(), "purpose": "mac", "algorithm": "HMAC-SHA-256", "allow": ["sealkeep-backend"]})
}

fn rotation(key: &str) -> String {
    format!("/v1/officer/keys/{key}/rotate")
}

fn enrolment_of(system: &System, reader: &Reader) -> Value {
    let holder = Holder::of(&SecretText::new(system.token(reader.who))).expect("a token that names its holder");
    serde_json::to_value(enrolment(&reader.key, &holder, now()).expect("an enrolment")).expect("JSON")
}

/// How many of these requests ended in this event, done.
fn done(system: &System, from: u64, answers: &[Answer], kind: &str) -> usize {
    let events = system.events_from("auditor", from);
    let ours = |event: &&Value| answers.iter().any(|answer| event["request_id"] == answer.request_id.as_str());
    events.iter().filter(ours).filter(|event| event["kind"] == kind && event["outcome"] == "done").count()
}

fn version_of(system: &System, key: &str) -> u64 {
    system.rest("backend").get(&format!("/v1/keys/{key}")).good()["current_version"].as_u64().expect("a version")
}

#[track_caller]
fn same(first: &Answer, again: &Answer) {
    assert!((200..300).contains(&first.status), "{}", first.text());
    assert_eq!((again.status, again.text()), (first.status, first.text()));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("content-type"), first.header("content-type"));
}

on_both! {
    fn a_repeated_request_does_the_thing_once(system: &System) {
        // A key: a second one of the same name would be a conflict.
        let (officer, body) = (once(system.officer("officer")), wanted());
        let first = officer.post("/v1/officer/keys", body.clone());
        assert_eq!(first.status, 201);
        let end = system.log_end();
        let again = officer.post("/v1/officer/keys", body.clone());
        same(&first, &again);
        assert!(system.events_of(end, &again.request_id).0.is_empty(), "nothing was done");
        system.officer("officer").post("/v1/officer/keys", body.clone()).refused(409, "key-exists");
        // A rotation: a second one would count up.
        let (officer, key) = (once(system.officer("officer")), body["id"].as_str().expect("an id").to_owned());
        let first = officer.post(&rotation(&key), json!({}));
        for _ in 0..3 {
            same(&first, &officer.post(&rotation(&key), json!({})));
        }
        assert_eq!(version_of(system, &key), 2);
        assert_eq!(system.rotate(&key), 3);
        same(&first, &officer.post(&rotation(&key), json!({})));
        // An export: a second one would have an id of its own.
        let (auditor, body) = (once(system.rest("auditor")), json!({"purpose": "audit", "from": 0, "to": 2}));
        let first = auditor.post("/v1/exports", body.clone());
        assert_eq!(first.status, 201);
        same(&first, &auditor.post("/v1/exports", body.clone()));
        assert_eq!(auditor.get(first.header("location")).status, 200);
        assert_ne!(system.rest("auditor").post("/v1/exports", body).good()["id"], first.body["id"]);
    }

    fn enrolment_approval_and_revocation_are_done_once(system: &System) {
        let reader = system.new_reader("backend", &request_id());
        let backend = once(system.rest("backend"));
        let body = enrolment_of(system, &reader);
        let first = backend.post("/v1/me/keys", body.clone());
        same(&first, &backend.post("/v1/me/keys", body.clone()));
        let id = first.body["id"].as_str().expect("an id").to_owned();
        let officer = once(system.officer("officer"));
        let path = format!("/v1/officer/enrolments/{id}/approve");
        let approved = officer.post(&path, json!({}));
        assert_eq!(approved.body["state"], "active", "{}", approved.text());
        same(&approved, &officer.post(&path, json!({})));
        system.officer("officer").post(&path, json!({})).refused(409, "enrolment-not-waiting");
        // The same request gets the same answer, though the key does not wait any more.
        same(&first, &backend.post("/v1/me/keys", body));
        let stolen = system.certificate("demo", "client", &request_id()).serial();
        let officer = once(system.officer("officer"));
        let path = format!("/v1/officer/certificates/{stolen}/revoke");
        let first = officer.post(&path, json!({}));
        assert_eq!(first.status, 204);
        same(&first, &officer.post(&path, json!({})));
        system.officer("officer").post(&path, json!({})).refused(409, "certificate-not-valid");
    }

    fn a_tenant_is_answered_as_before(system: &System) {
        let (officer, body) = (once(system.officer("officer")), json!({"name": format!("once-{}", std::process::id())}));
        let first = officer.post("/v1/officer/tenants", body.clone());
        assert_eq!(first.status, 201, "{}", first.text());
        same(&first, &officer.post("/v1/officer/tenants", body.clone()));
        assert_eq!(system.officer("officer").post("/v1/officer/tenants", body).status, 200);
    }

    fn with_another_request_the_key_is_refused(system: &System) {
        let officer = once(system.officer("officer"));
        let body = wanted();
        officer.post("/v1/officer/keys", body.clone()).good();
        let other = wanted();
        officer.post("/v1/officer/keys", other.clone()).refused(422, "idempotency-key-reused");
        let id = body["id"].as_str().expect("an id");
        officer.post(&rotation(id), json!({})).refused(422, "idempotency-key-reused");
        assert_eq!(version_of(system, id), 1);
        let other = other["id"].as_str().expect("an id");
        system.rest("backend").get(&format!("/v1/keys/{other}")).refused(404, "key-not-found");
        // The same body, written otherwise, is the same request.
        let spaced = serde_json::to_string_pretty(&body).expect("JSON").into_bytes();
        assert_eq!(officer.send("POST", "/v1/officer/keys", Some("application/json"), spaced).status, 201);
    }

    fn a_key_is_its_callers_own(system: &System) {
        let (key, name) = (system.key("mac", "HMAC-SHA-256"), request_id());
        let made = |who: &str| system.officer(who).with_header(KEY, &name).post(&rotation(&key), json!({})).good()["version"].clone();
        assert_eq!((made("officer"), made("second-officer"), made("officer")), (json!(2), json!(3), json!(2)));
        let backend = system.rest("auditor").with_header(KEY, &name);
        assert_eq!(backend.post("/v1/exports", json!({"purpose": "audit", "from": 0, "to": 1})).status, 201);
    }

    /// A refused request changed nothing: corrected, it may come under the same key.
    fn a_refusal_is_not_kept(system: &System) {
        let officer = once(system.officer("officer"));
        officer.post(&rotation("nothing"), json!({})).refused(404, "key-not-found");
        let body = wanted();
        officer.post("/v1/officer/keys", body).good();
    }

    fn of_many_at_once_one_does_it(system: &System) {
        let key = system.key("mac", "HMAC-SHA-256");
        let name = request_id();
        let officers: Vec<_> = (0..6).map(|_| system.officer("officer").with_header(KEY, &name)).collect();
        let path = rotation(&key);
        let end = system.log_end();
        let answers: Vec<_> = std::thread::scope(|scope| {
            let callers: Vec<_> = officers.iter().map(|officer| scope.spawn(|| officer.post(&path, json!({})))).collect();
            callers.into_iter().map(|caller| caller.join().expect("an answer")).collect()
        });
        for answer in &answers {
            same(&answers[0], answer);
        }
        assert_eq!(answers[0].body["version"], 2);
        assert_eq!((version_of(system, &key), done(system, end, &answers, "key.rotate.outcome")), (2, 1));
        // And an export, which has no name of its own to collide over.
        let auditors: Vec<_> = (0..4).map(|_| system.rest("auditor").with_header(KEY, &name)).collect();
        let answers: Vec<_> = std::thread::scope(|scope| {
            let body = || json!({"purpose": "audit", "case": "AU-2026/8", "from": 0, "to": 1});
            let callers: Vec<_> = auditors.iter().map(|auditor| scope.spawn(move || auditor.post("/v1/exports", body()))).collect();
            callers.into_iter().map(|caller| caller.join().expect("an answer")).collect()
        });
        for answer in &answers {
            same(&answers[0], answer);
        }
        assert_eq!(done(system, end, &answers, "export.outcome"), 1);
    }

    fn a_day_later_the_key_is_forgotten(system: &System) {
        let (key, name) = (system.key("mac", "HMAC-SHA-256"), request_id());
        let officer = system.officer("officer").with_header(KEY, &name);
        officer.post(&rotation(&key), json!({})).good();
        let now = now().micros();
        let expires: i64 = system.rows.sql(&format!("SELECT expires FROM idempotency WHERE key = '{name}'")).parse().expect("a time");
        let day = 24 * 60 * 60 * 1_000_000_i64;
        assert!((day - 60_000_000..=day).contains(&(expires - now)), "{expires}");
        system.rows.sql(&format!("UPDATE idempotency SET expires = {now} WHERE key = '{name}'"));
        assert_eq!(officer.post(&rotation(&key), json!({})).good()["version"], 3);
    }

    /// What holds secrets is never kept: the header has no effect there.
    fn nothing_of_a_message_is_kept(system: &System) {
        let (key, name) = (system.key("encrypt", "AES-256"), request_id());
        let backend = system.rest("backend").with_header(KEY, &name);
        let encrypt = || backend.post(&format!("/v1/keys/{key}/encrypt"), json!({"plaintext": "AAAA"})).good();
        let first = encrypt();
        assert_ne!(first, encrypt());
        backend.post(&format!("/v1/keys/{key}/decrypt"), json!({"ciphertext": first["ciphertext"]})).good();
        backend.post("/v1/datakeys", json!({"key": key})).good();
        backend.post("/v1/random", json!({"length": 8})).good();
        assert_eq!(system.rows.sql(&format!("SELECT count(*) FROM idempotency WHERE key = '{name}'")), "0");
    }

    fn what_is_no_key_is_refused(system: &System) {
        for bad in ["", "two words", "tab\there", &"k".repeat(129)] {
            let officer = system.officer("officer").with_header(KEY, bad);
            let answer = officer.post("/v1/officer/keys", wanted()).refused(400, "malformed-request");
            assert_eq!(answer.body["field"], "Idempotency-Key");
        }
        let twice = system.officer("officer").with_header(KEY, "one").with_header(KEY, "two");
        twice.post("/v1/officer/keys", wanted()).refused(400, "malformed-request");
        once(system.officer("officer")).with_header("x-other", "1").post("/v1/officer/keys", wanted()).good();
    }
}

on_each! {
    fn an_answer_survives_a_restart_and_a_sudden_end(database: Database) {
        let system = System::start(database, Options::default());
        let (key, name) = (system.key("mac", "HMAC-SHA-256"), request_id());
        let rotate = || system.officer("officer").with_header(KEY, &name).post(&rotation(&key), json!({}));
        let first = rotate();
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        system.start_key_manager();
        system.wait_until_ready();
        same(&first, &rotate());
        system.kill("keymanager");
        system.start_key_manager();
        system.wait_until_ready();
        same(&first, &rotate());
        assert_eq!(version_of(&system, &key), 2);
        system.key_manager(&["verify-audit"]).good();
    }
}
