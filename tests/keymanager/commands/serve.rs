//! `serve`: starting, stopping, and what a sudden end leaves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use km_tests::{Options, System, on_each};
use serde_json::json;

on_each! {
    fn a_second_process_on_the_same_state_is_refused(database: Database) {
        let system = System::start(database, Options::default());
        let ran = system.key_manager(&["serve"]).bad();
        assert!(ran.told().contains("in use"), "{}", ran.told());
        system.rest("backend").post("/v1/random", json!({"length": 8})).good();
    }

    /// Asked to stop under load, it finishes what it has begun, says so in the log, and comes back where it was.
    fn a_stop_breaks_no_answer_off(database: Database) {
        let system = System::start(database, Options::default());
        let key = system.key("encrypt", "AES-256");
        let (backend, path) = (system.rest("backend"), format!("/v1/keys/{key}/encrypt"));
        let body = json!({"plaintext": km_tests::base64url([7; 3000])}).to_string();
        let (ended, base) = (AtomicBool::new(false), backend.base().to_owned());
        let (code, wrong) = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..4).map(|_| scope.spawn(|| {
                let mut answers = Vec::new();
                while !ended.load(Ordering::Relaxed) {
                    match backend.try_send("POST", &path, Some("application/json"), body.clone().into_bytes()) {
                        Ok(answer) => answers.push((answer.status, answer.body["ciphertext"].is_string())),
                        // The listener is closed: there is nobody to ask any more.
                        Err(_) => break,
                    }
                }
                answers
            })).collect();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(500) {
                backend.post("/v1/random", json!({"length": 1})).good();
            }
            let code = system.stop("keymanager");
            ended.store(true, Ordering::Relaxed);
            let answers: Vec<_> = callers.into_iter().flat_map(|caller| caller.join().expect("a caller")).collect();
            assert!(answers.len() > 10, "there was no load");
            (code, answers.into_iter().filter(|answer| *answer != (200, true)).collect::<Vec<_>>())
        });
        assert_eq!(code, Some(Some(0)), "{}", system.logs(20));
        assert!(wrong.iter().all(|(status, _)| *status == 503), "{wrong:?}");
        system.start_key_manager();
        system.wait_until_ready();
        assert_eq!(system.anyone().base(), base, "the port stays");
        let events = system.events_from("auditor", 0);
        let last = |kind: &str| events.iter().rposition(|event| event["kind"] == kind);
        assert!(last("service.stop").is_some() && last("service.start") > last("service.stop"));
        system.key_manager(&["verify-audit"]).good();
    }

    /// What was answered is in the log, and what was made is there, though the power failed a moment later.
    fn what_was_answered_survives_a_sudden_end(database: Database) {
        let system = System::start(database, Options::default());
        let backend = system.rest("backend");
        let mut answered = Vec::new();
        for _ in 0..3 {
            let key = system.key("encrypt", "AES-256");
            let path = format!("/v1/keys/{key}/encrypt");
            let ended = AtomicBool::new(false);
            let answers = std::thread::scope(|scope| {
                let caller = scope.spawn(|| {
                    let mut answers = Vec::new();
                    while !ended.load(Ordering::Relaxed) {
                        let body = json!({"plaintext": "AAAA"}).to_string().into_bytes();
                        match backend.try_send("POST", &path, Some("application/json"), body) {
                            Ok(answer) if answer.status == 200 => answers.push((answer.request_id, answer.body["ciphertext"].clone())),
                            Ok(_) => {}
                            Err(_) => break,
                        }
                    }
                    answers
                });
                for _ in 0..20 {
                    backend.post("/v1/random", json!({"length": 1})).good();
                }
                system.kill("keymanager");
                ended.store(true, Ordering::Relaxed);
                caller.join().expect("a caller")
            });
            assert!(!answers.is_empty(), "there was no load");
            answered.push((key, answers));
            system.start_key_manager();
            system.wait_until_ready();
        }
        let events = system.events_from("auditor", 0);
        let known: std::collections::BTreeSet<_> = events.iter().filter_map(|event| event["request_id"].as_str()).collect();
        for (key, answers) in answered {
            for (request_id, _) in &answers {
                assert!(known.contains(request_id.as_str()), "answered and not in the log: {request_id}");
            }
            let (_, last) = answers.last().expect("an answer");
            system.rest("backend").post(&format!("/v1/keys/{key}/decrypt"), json!({"ciphertext": last})).good();
        }
        system.key_manager(&["verify-audit"]).good();
    }

    fn health_says_which_part_is_away(database: Database) {
        let system = System::start(database, Options::default());
        assert_eq!(system.ops("/livez"), "{\"live\":true}");
        assert!(system.ops("/metrics").contains("http_requests_total"));
        let (status, ready) = system.readiness().expect("an answer");
        assert_eq!(status, 200);
        for part in ["token", "database", "keys", "issuers"] {
            assert_eq!(ready["components"][part]["state"], "up", "{ready:#}");
        }
    }
}

on_each! {
    /// A key was being made when the power failed: nothing of it is there, and the next start closes what was begun.
    fn what_was_interrupted_is_closed_at_the_next_start(database: Database) {
        let system = System::start(database, Options::default());
        for _ in 0..20 {
            let (id, from) = (km_tests::keys::new_key_id(), system.log_end());
            let body = json!({"id": id, "purpose": "decrypt", "algorithm": "RSA-4096", "allow": ["sealkeep-backend"]});
            let officer = system.officer("officer");
            std::thread::scope(|scope| {
                scope.spawn(|| officer.try_send("POST", "/v1/officer/keys", Some("application/json"), body.to_string().into_bytes()));
                let begun = || system.events_from("auditor", from).iter().any(|event| event["kind"] == "key.create.intent");
                assert!(km_test_support::wait_until(Duration::from_secs(10), begun), "the key was not begun");
                system.kill("keymanager");
            });
            system.start_key_manager();
            system.wait_until_ready();
            let events = system.events_from("auditor", from);
            let intent = events.iter().find(|event| event["kind"] == "key.create.intent").expect("the intent");
            let outcome = events.iter().find(|event| event["intent"] == intent["index"]).expect("an intent without an outcome");
            if outcome["outcome"] == "done" {
                // The token was faster than the power failure.
                continue;
            }
            assert_eq!((&outcome["outcome"], &outcome["reason"], &outcome["key"]), (&json!("failed"), &json!("interrupted"), &json!(id)));
            system.rest("backend").get(&format!("/v1/keys/{id}")).refused(404, "key-not-found");
            // Once: the start after that finds nothing to close.
            assert_eq!(system.stop("keymanager"), Some(Some(0)));
            system.start_key_manager();
            system.wait_until_ready();
            let closings = system.events_from("auditor", from);
            assert_eq!(closings.iter().filter(|event| event["intent"] == intent["index"]).count(), 1);
            return;
        }
        panic!("no creation was interrupted");
    }
}
