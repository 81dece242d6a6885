//! `GET /v1/log/checkpoint`, `/v1/log/events` and `/v1/log/proof`

use std::time::Duration;

use km_audit::proof::{verify_consistency, verify_inclusion};
use km_audit::tree::leaf_hash;
use km_audit::{Checkpoint, Hash, LoggedEvent, Note};
use km_domain::Timestamp;
use km_test_support::wait_until;
use km_tests::system::der_of;
use km_tests::{System, from_base64url, now, on_both};
use serde_json::{Value, json};

/// The newest checkpoint, checked up to the evidence root.
fn checkpoint(system: &System) -> Checkpoint {
    let jwks = system.anyone().get("/.well-known/jwks.json").bytes;
    let root = der_of(&system.public("evidence-root.pem")).remove(0);
    let keys = km_evidence::log_keys(&jwks, &root, now()).expect("a certified key of the log");
    let note = Note::parse(&system.rest("auditor").get("/v1/log/checkpoint").text()).expect("a note");
    let checkpoint = keys.verify(&note).expect("a signature that holds");
    assert_eq!(checkpoint.origin, "sealkeep.test/log");
    checkpoint
}

/// The first checkpoint that holds more entries than this.
fn checkpoint_after(system: &System, size: u64) -> Checkpoint {
    let mut found = None;
    assert!(wait_until(Duration::from_secs(20), || {
        found = Some(checkpoint(system)).filter(|checkpoint| checkpoint.size > size);
        found.is_some()
    }));
    found.expect("a checkpoint")
}

fn proof(system: &System, query: &str) -> Vec<Hash> {
    let answer = system.rest("auditor").get(&format!("/v1/log/proof?{query}")).good();
    let hashes = answer["hashes"].as_array().expect("hashes").iter();
    hashes.map(|hash| from_base64url(hash.as_str().expect("a hash")).try_into().expect("32 bytes")).collect()
}

/// The bytes that are hashed: members in order, no blanks (RFC 8785; events hold no numbers with fractions).
fn leaf(event: &Value) -> Vec<u8> {
    let bytes = event.to_string().into_bytes();
    LoggedEvent::from_leaf(&bytes).expect("an event in canonical form");
    bytes
}

on_both! {
    fn what_was_done_is_proven_to_be_in_the_log(system: &System) {
        let (key, backend) = (system.key("mac", "HMAC-SHA-256"), system.rest("backend"));
        let end = system.log_end();
        let answer = backend.post(&format!("/v1/keys/{key}/mac"), json!({"message": "AAAA"}));
        let event = system.events_of(end, &answer.request_id).is("crypto.mac", "done", "").clone();
        let index = event["index"].as_u64().expect("an index");
        let signed = checkpoint_after(system, index);
        let path = proof(system, &format!("index={index}&size={}", signed.size));
        let hash = leaf_hash(&leaf(&event));
        assert!(verify_inclusion(&hash, index, signed.size, &path, &signed.root).is_ok());
        // The same proof for another event, or another place, does not hold.
        let mut other = event.clone();
        other["count"] = json!(2);
        assert!(verify_inclusion(&leaf_hash(&leaf(&other)), index, signed.size, &path, &signed.root).is_err());
        assert!(verify_inclusion(&hash, index + 1, signed.size, &path, &signed.root).is_err());
    }

    fn a_later_checkpoint_extends_an_earlier_one(system: &System) {
        let backend = system.rest("backend");
        let earlier = checkpoint_after(system, 0);
        backend.post("/v1/random", json!({"length": 1})).good();
        let later = checkpoint_after(system, earlier.size);
        let path = proof(system, &format!("from={}&to={}", earlier.size, later.size));
        assert!(verify_consistency(earlier.size, later.size, &path, &earlier.root, &later.root).is_ok());
        let mut forged = earlier.root;
        forged[0] ^= 1;
        assert!(verify_consistency(earlier.size, later.size, &path, &forged, &later.root).is_err());
    }

    fn events_come_in_pages_in_order_and_reading_them_is_an_event(system: &System) {
        let auditor = system.rest("auditor");
        let first = auditor.get("/v1/log/events?from=0&limit=3").good();
        assert_eq!(first["events"].as_array().map(Vec::len), Some(3));
        assert_eq!(first["next"], 3);
        let second = auditor.get("/v1/log/events?from=3&limit=2").good();
        assert_eq!(second["events"][0]["index"], 3);
        let end = system.log_end();
        let answer = auditor.get("/v1/log/events?from=0&limit=5");
        let event = system.events_of(end, &answer.request_id).is("log.read", "done", "").clone();
        assert_eq!(event["count"], 5);
        let events = system.events_from("auditor", 0);
        let times = events.iter().map(|event| serde_json::from_value::<Timestamp>(event["log_time"].clone()));
        assert!(times.map(|time| time.expect("a time")).is_sorted(), "log time never falls");
        assert!(events.iter().map(|event| event["index"].as_u64()).is_sorted());
    }

    fn a_range_outside_the_log_is_refused(system: &System) {
        let auditor = system.rest("auditor");
        for query in [
            "index=0&size=999999999", "index=5&size=5", "from=5&to=4", "from=0&to=999999999", "index=0", "size=1",
            "index=0&size=1&from=0&to=1", "",
        ] {
            auditor.get(&format!("/v1/log/proof?{query}")).refused(400, "invalid-request");
        }
        for query in ["index=-1&size=2", "index=a&size=2", "indexes=1", "index=0&index=1&size=2"] {
            auditor.get(&format!("/v1/log/proof?{query}")).refused(400, "malformed-request");
        }
        for limit in ["0", "1001"] {
            let refused = auditor.get(&format!("/v1/log/events?limit={limit}")).refused(400, "invalid-request");
            assert_eq!(refused.body["field"], "limit");
        }
    }

    /// A log that a tenant reads holds nothing of another tenant, and what it holds carries no secret and no plaintext.
    fn events_hold_no_plaintext_and_nothing_of_another_tenant(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let word = "Kwabena-canary-plaintext";
        let message = json!({"plaintext": km_tests::base64url(word), "context": km_tests::base64url("canary-context")});
        backend.post(&format!("/v1/keys/{key}/encrypt"), message).good();
        let ours = system.events_from("auditor", 0);
        let theirs = system.events_from("other-auditor", 0);
        assert!(!ours.is_empty() && !theirs.is_empty());
        for (events, foreign) in [(&ours, "other"), (&theirs, "demo")] {
            assert!(events.iter().all(|event| event["tenant"] != foreign));
        }
        let text = serde_json::to_string(&ours).expect("text");
        for secret in [word, "canary-context", &km_tests::base64url(word), &system.token("backend")] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}
