//! Rows that somebody edited in the database: not used, and shown by health.

use std::time::Duration;

use km_test_support::wait_until;
use km_tests::people::{draft, national_id};
use km_tests::records::open_message;
use km_tests::{Options, System, on_each};
use serde_json::json;

/// Waits until the keyring has read the rows anew, as it does after every change of keys.
fn reload(system: &System) {
    system.key("mac", "HMAC-SHA-256");
}

fn is_degraded(system: &System) -> bool {
    system
        .readiness()
        .is_some_and(|(status, ready)| status == 200 && ready["components"]["keys"]["state"] == "degraded")
}

on_each! {
    fn an_edited_key_is_refused_and_shows_in_health(database: Database) {
        let system = System::start(database, Options::default());
        let backend = system.rest("backend");
        assert!(wait_until(Duration::from_secs(10), || !is_degraded(&system)));
        // Each edit on a key of its own, with what the thief hoped for.
        let rotated = system.key("encrypt", "AES-256");
        system.rotate(&rotated);
        let [roles, purpose, swapped, donor, deleted, moved] = [(); 6].map(|()| system.key("sign", "P-256"));
        for key in [&roles, &purpose, &swapped, &deleted, &moved] {
            backend.post(&format!("/v1/keys/{key}/sign"), json!({"message": "AAAA"})).good();
        }
        let edits = [
            ("an old version made active again", &rotated, format!("UPDATE key_version SET state = 'active', deactivated = NULL WHERE key_id = '{rotated}' AND version = 1")),
            ("roles widened", &roles, format!("UPDATE key SET roles = '[\"sealkeep-backend\",\"sealkeep-caseworker\"]' WHERE id = '{roles}'")),
            ("another purpose", &purpose, format!("UPDATE key SET purpose = 'decrypt' WHERE id = '{purpose}'")),
            ("another key's material", &swapped, format!("UPDATE key_version SET blob = (SELECT blob FROM key_version WHERE key_id = '{donor}'), public_key = (SELECT public_key FROM key_version WHERE key_id = '{donor}') WHERE key_id = '{swapped}'")),
            ("the key row taken away", &deleted, format!("DELETE FROM key WHERE id = '{deleted}'")),
            ("handed to the other tenant", &moved, format!("UPDATE key SET tenant = 'other' WHERE id = '{moved}'; UPDATE key_version SET tenant = 'other' WHERE key_id = '{moved}'")),
        ];
        for (_, _, sql) in &edits {
            system.rows.sql(sql);
        }
        reload(&system);
        for (what, key, _) in &edits {
            let operation = if *key == &rotated { ("encrypt", json!({"plaintext": "AAAA"})) } else { ("sign", json!({"message": "AAAA"})) };
            let answer = backend.post(&format!("/v1/keys/{key}/{}", operation.0), operation.1);
            assert_eq!((answer.status, answer.code()), (404, "key-not-found"), "{what}: {}", answer.text());
        }
        system.rest("other-backend").post(&format!("/v1/keys/{moved}/sign"), json!({"message": "AAAA"})).refused(404, "key-not-found");
        backend.post(&format!("/v1/keys/{donor}/sign"), json!({"message": "AAAA"})).good();
        assert!(wait_until(Duration::from_secs(10), || is_degraded(&system)), "{:?}", system.readiness());
        let text = system.readiness().expect("an answer").1["components"]["keys"]["text"].clone();
        assert!(text.as_str().is_some_and(|text| text.contains('6')), "{text}");
        // A restart changes nothing of that.
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        system.start_key_manager();
        system.wait_until_ready();
        assert!(wait_until(Duration::from_secs(10), || is_degraded(&system)));
        system.rest("backend").post(&format!("/v1/keys/{roles}/sign"), json!({"message": "AAAA"})).refused(404, "key-not-found");
    }

    fn an_enrolment_that_was_approved_in_the_database_is_not_believed(database: Database) {
        let system = System::start(database, Options::default());
        let sender = system.reader("backend");
        let stored = system.seal(&sender, &draft(&national_id()));
        let thief = system.new_reader("caseworker", "thief");
        system.enrol(&thief);
        let ask = || {
            let request = system.open_request(&thief, &[stored.record], &["national_id"]).jws;
            system.registry_for(&thief).open_record(open_message(&request, vec![stored.supplied()]))
        };
        ask().refused("key-not-enrolled");
        system.rows.sql(&format!("UPDATE reader_key SET state = 'active', approved_by = 'somebody' WHERE thumbprint = '{}'", thief.key.kid()));
        let end = system.log_end();
        let (_, id) = ask().refused("integrity");
        system.events_of(end, &id).is("record.opened", "refused", "integrity");
        // Another's approved row under the thief's name.
        let owner = system.reader("second-backend");
        system.rows.sql(&format!("UPDATE reader_key SET principal = (SELECT principal FROM reader_key WHERE thumbprint = '{}') WHERE thumbprint = '{}'", thief.key.kid(), owner.key.kid()));
        let stolen = km_tests::people::Reader { who: thief.who, ..owner };
        let request = system.open_request(&stolen, &[stored.record], &["national_id"]).jws;
        system.registry_for(&thief).open_record(open_message(&request, vec![stored.supplied()])).refused("integrity");
        assert!(system.read(&sender, &stored, &["national_id"]).is_ok());
    }

    /// The subject key's row says which version and which values are current: a thief rolls it back with the registry's rows.
    fn a_subject_row_that_points_elsewhere_opens_nothing(database: Database) {
        let system = System::start(database, Options::default());
        let reader = system.reader("backend");
        let [one, two] = [0, 1].map(|_| system.seal(&reader, &draft(&national_id())));
        let record = |stored: &km_tests::records::Stored| system.rows.bytes(stored.record.as_bytes());
        // The wrapped subject key of somebody else: values do not open under it.
        let swap = format!("UPDATE subject SET wrapped = (SELECT wrapped FROM subject WHERE record = {}) WHERE record = {}", record(&two), record(&one));
        system.rows.sql(&swap);
        assert_eq!(system.read(&reader, &one, &["national_id"]), Err("record-altered".into()));
        assert!(system.read(&reader, &two, &["national_id"]).is_ok());
    }
}
