//! Two tenants, both ways: nothing of the one can be used, seen or changed from the other.

use km_tests::people::{draft, national_id};
use km_tests::records::open_message;
use km_tests::system::new_key_id;
use km_tests::{System, on_both};
use serde_json::{Value, json};

/// Identities of one tenant.
struct Side {
    tenant: &'static str,
    backend: &'static str,
    officer: &'static str,
    auditor: &'static str,
}

const SIDES: [Side; 2] = [
    Side { tenant: "demo", backend: "backend", officer: "officer", auditor: "auditor" },
    Side { tenant: "other", backend: "other-backend", officer: "other-officer", auditor: "other-auditor" },
];

/// Each side as the owner of things, with the other as the intruder.
fn both_ways() -> [(&'static Side, &'static Side); 2] {
    [(&SIDES[0], &SIDES[1]), (&SIDES[1], &SIDES[0])]
}

fn make_key(system: &System, side: &Side, id: &str, purpose: &str, algorithm: &str) {
    let body = json!({"id": id, "purpose": purpose, "algorithm": algorithm, "allow": ["sealkeep-backend"]});
    system.officer(side.officer).post("/v1/officer/keys", body).good();
}

on_both! {
    fn no_operation_reaches_the_other_tenants_keys(system: &System) {
        for (owner, intruder) in both_ways() {
            let (encrypt, sign, mac, rsa) = (new_key_id(), new_key_id(), new_key_id(), new_key_id());
            for (id, purpose, algorithm) in [
                (&encrypt, "encrypt", "AES-256"), (&sign, "sign", "P-256"), (&mac, "mac", "HMAC-SHA-256"), (&rsa, "decrypt", "RSA-2048"),
            ] {
                make_key(system, owner, id, purpose, algorithm);
            }
            let (theirs, ours) = (system.rest(owner.backend), system.rest(intruder.backend));
            let sealed = theirs.post(&format!("/v1/keys/{encrypt}/encrypt"), json!({"plaintext": "AAAA"})).good()["ciphertext"].clone();
            let signature = theirs.post(&format!("/v1/keys/{sign}/sign"), json!({"message": "AAAA"})).good()["signature"].clone();
            let wrapped = theirs.post("/v1/datakeys", json!({"key": encrypt})).good()["wrapped"].clone();
            let calls: [(String, Value); 10] = [
                (format!("/v1/keys/{encrypt}/encrypt"), json!({"plaintext": "AAAA"})),
                (format!("/v1/keys/{encrypt}/decrypt"), json!({"ciphertext": sealed})),
                (format!("/v1/keys/{encrypt}/rewrap"), json!({"ciphertext": sealed})),
                (format!("/v1/keys/{sign}/sign"), json!({"message": "AAAA"})),
                (format!("/v1/keys/{sign}/verify"), json!({"message": "AAAA", "signature": signature})),
                (format!("/v1/keys/{mac}/mac"), json!({"message": "AAAA"})),
                (format!("/v1/keys/{mac}/mac"), json!({"message": "AAAA", "mac": "AAAA"})),
                (format!("/v1/keys/{rsa}/decrypt"), json!({"ciphertext": "AAAA"})),
                ("/v1/datakeys".to_owned(), json!({"key": encrypt})),
                ("/v1/datakeys/unwrap".to_owned(), json!({"wrapped": wrapped})),
            ];
            for (path, body) in calls {
                let end = system.events_from(intruder.auditor, 0).last().and_then(|event| event["index"].as_u64()).unwrap_or(0);
                let answer = ours.post(&path, body).refused(404, "key-not-found");
                // The refusal stands in the intruder's part of the log and names no key.
                let events = system.events_from(intruder.auditor, end);
                let event = events.iter().find(|event| event["request_id"] == answer.request_id.as_str()).expect("the event");
                assert_eq!((&event["outcome"], &event["key"]), (&json!("refused"), &Value::Null), "{path}");
            }
            for id in [&encrypt, &sign, &mac, &rsa] {
                ours.get(&format!("/v1/keys/{id}")).refused(404, "key-not-found");
                system.officer(intruder.officer).post(&format!("/v1/officer/keys/{id}/rotate"), json!({})).refused(404, "key-not-found");
                assert_eq!(theirs.get(&format!("/v1/keys/{id}")).good()["current_version"], 1);
            }
        }
    }

    /// The same id in both tenants is two keys.
    fn one_id_is_a_key_of_its_own_in_each_tenant(system: &System) {
        let id = new_key_id();
        for side in &SIDES {
            make_key(system, side, &id, "encrypt", "AES-256");
        }
        for (owner, intruder) in both_ways() {
            let sealed = system.rest(owner.backend).post(&format!("/v1/keys/{id}/encrypt"), json!({"plaintext": "AAAA"})).good();
            let asked = json!({"ciphertext": sealed["ciphertext"]});
            system.rest(intruder.backend).post(&format!("/v1/keys/{id}/decrypt"), asked.clone()).refused(422, "not-opened");
            system.rest(owner.backend).post(&format!("/v1/keys/{id}/decrypt"), asked).good();
        }
        system.officer("officer").post(&format!("/v1/officer/keys/{id}/rotate"), json!({})).good();
        assert_eq!(system.rest("other-backend").get(&format!("/v1/keys/{id}")).good()["current_version"], 1);
    }

    fn no_record_of_the_one_is_known_to_the_other(system: &System) {
        for (owner, intruder) in both_ways() {
            let (theirs, ours) = (system.reader(owner.backend), system.reader(intruder.backend));
            let stored = system.seal(&theirs, &draft(&national_id()));
            // Our own registry brings what it stole of theirs, with a good request of our own reader.
            assert_eq!(system.read(&ours, &stored, &["national_id"]), Err("record-unknown".into()));
            assert_eq!(system.erase(&ours, stored.record), Err("record-unknown".into()));
            // Our record's values under their record's place, and the other way round.
            let own = system.seal(&ours, &draft(&national_id()));
            let mut mixed = own.supplied();
            mixed.fields = stored.seal.fields.clone();
            let request = system.open_request(&ours, &[own.record], &["national_id"]);
            let answer = system.registry_for(&ours).open_record(open_message(&request.jws, vec![mixed])).good();
            assert_eq!(answer.results[0].refusal.as_ref().map(|refusal| refusal.code.as_str()), Some("record-altered"));
            // Their reader's request in our registry's hands.
            let request = system.open_request(&theirs, &[stored.record], &["national_id"]).jws;
            let stolen = system.grpc(intruder.tenant).with_token(system.token(owner.backend));
            stolen.open_record(open_message(&request, vec![stored.supplied()])).refused("tenant-mismatch");
            assert!(system.read(&theirs, &stored, &["national_id"]).is_ok());
        }
    }

    /// A tenant is what the issuer says it is: no header, query or body changes it.
    fn a_caller_does_not_choose_its_tenant(system: &System) {
        let id = new_key_id();
        make_key(system, &SIDES[1], &id, "mac", "HMAC-SHA-256");
        let ours = system.rest("backend").with_header("x-tenant", "other").with_header("x-sealkeep-tenant", "other");
        ours.get(&format!("/v1/keys/{id}")).refused(404, "key-not-found");
        ours.get(&format!("/v1/keys/{id}?tenant=other")).refused(404, "key-not-found");
        ours.post(&format!("/v1/keys/{id}/mac"), json!({"message": "AAAA", "tenant": "other"})).refused(400, "malformed-body");
        let listed = ours.get("/v1/keys?tenant=other").good()["keys"].to_string();
        assert!(!listed.contains(&format!("\"{id}\"")));
        // A tenant that nobody made has nothing; the installation's own name is no tenant of a caller.
        let token = |tenant: &str| system.forged_token("backend", &json!({}), &json!({"tenant": tenant}));
        let nowhere = system.anyone().with_token(token("nowhere"));
        assert_eq!(nowhere.get("/v1/keys").good(), json!({"keys": []}));
        nowhere.post("/v1/keys/data-root/encrypt", json!({"plaintext": "AAAA"})).refused(404, "key-not-found");
        system.anyone().with_token(token("system")).get("/v1/keys").refused(401, "token-invalid");
    }
}
