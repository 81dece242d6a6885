//! Keys that stop being current: successors made ahead of time, and keys made when they are needed.

use std::time::Duration;

use km_test_support::{TestFolder, wait_until};
use km_tests::clock::Clock;
use km_tests::mosip::{to_decrypt, to_encrypt};
use km_tests::{Options, System, base64url, on_each};
use serde_json::{Value, json};

use super::{all, current, master};

/// Keys of SHORT stop being current within a day: the successor is due at once.
const SHORT: &str = r#"
[[policies]]
app_id = "SHORT"
key_validity_duration = 5
pre_expire_days = 1
"#;

on_each! {
    /// The successor is there before it is needed, begins when its predecessor stops, and until then nothing changes.
    fn a_successor_is_made_ahead_and_begins_in_time(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), bootstrap: SHORT, ..Options::default() });
        let backend = system.mosip("backend");
        master(&backend, "SHORT");
        let first = current(&backend, "SHORT", "")["certificate"].clone();
        // Within the seven days of the default; the job looks every half minute.
        assert!(wait_until(Duration::from_secs(60), || all(&backend, "SHORT", "").len() == 2));
        let listed = all(&backend, "SHORT", "");
        let day = |text: &Value| text.as_str().expect("a time")[..19].to_owned();
        let ends = km_tests::now().plus(Duration::from_secs(4 * 86_400)).to_string();
        assert_eq!(listed[1]["issuedAt"].as_str().expect("a time")[..10], ends[..10]);
        assert!(day(&listed[1]["issuedAt"]) < day(&listed[0]["expiryAt"]));
        assert_ne!(listed[0]["keyId"], listed[1]["keyId"]);
        assert_eq!(current(&backend, "SHORT", "")["certificate"], first);
        let events = system.events_from("auditor", 0);
        assert!(events.iter().any(|event| event["actor"]["name"] == "mosip-rotation" && event["kind"] == "key.rotate.outcome" && event["outcome"] == "done"));
        // A forced key takes the place of both.
        backend.ask_mosip("/generateMasterKey/CERTIFICATE", serde_json::json!({"applicationId": "SHORT", "force": true})).response();
        assert_ne!(current(&backend, "SHORT", "")["certificate"], first);
        let now = km_tests::now().to_string();
        let listed = all(&backend, "SHORT", "");
        let left: Vec<_> = listed.iter().filter(|one| day(&one["expiryAt"]) > now).collect();
        assert_eq!((listed.len(), left.len()), (3, 1), "{listed:#?}");
        assert_eq!(left[0]["certificateData"], current(&backend, "SHORT", "")["certificate"]);
    }

    /// Many callers need the same new key at once: one is made, and all are served.
    fn many_who_need_a_key_at_once_get_one(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), ..Options::default() });
        for round in 2..6 {
            let revoke = serde_json::json!({"applicationId": "REGISTRATION", "referenceId": "ENCRYPT"});
            system.mosip("backend").put("/revokeKey", km_tests::mosip::enveloped(revoke)).response();
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let backend = system.mosip("backend");
                        backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", "Selam")).response();
                    });
                }
            });
            assert_eq!(all(&system.mosip("backend"), "REGISTRATION", "ENCRYPT").len(), round);
        }
    }

    /// A key that was revoked is not brought back by the job or a restart; whoever needs one makes it.
    fn a_revoked_key_is_made_anew_when_it_is_needed_and_not_before(database: Database) {
        let options = Options { mosip: Some(String::new()), ..Options::default() };
        let system = System::start(database, options);
        let backend = system.mosip("backend");
        let data = backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", "Selam")).response()["data"].as_str().expect("data").to_owned();
        assert_eq!(all(&backend, "REGISTRATION", "ENCRYPT").len(), 1);
        let revoke = serde_json::json!({"applicationId": "REGISTRATION", "referenceId": "ENCRYPT"});
        backend.put("/revokeKey", km_tests::mosip::enveloped(revoke)).response();
        // The job does not bring back what somebody revoked; a restart neither.
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        system.start_key_manager();
        system.wait_until_ready();
        let backend = system.mosip("backend");
        assert_eq!(all(&backend, "REGISTRATION", "ENCRYPT").len(), 1);
        backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", "Selam")).response();
        assert_eq!(all(&backend, "REGISTRATION", "ENCRYPT").len(), 2);
        let opened = backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", &data)).response();
        assert_eq!(opened["data"], base64url("Selam"));
    }
}

/// Keys of BRIEF and all base keys are current for a day.
const BRIEF: &str = r#"
[[policies]]
app_id = "BRIEF"
key_validity_duration = 2
pre_expire_days = 1
"#;

const DAY: i64 = 24 * 60 * 60;

on_each! {
    /// The job off, the clock a day on: the call that needs a key makes it, on the way, and nobody is refused; what the former keys
    /// made still opens and verifies.
    fn a_call_makes_the_key_that_it_needs_when_its_day_has_come(database: Database) {
        let folder = TestFolder::new("clock");
        let clock = Clock::over(&folder);
        let mosip = Some("rotate_ahead_days = 0".to_owned());
        // Certificates of TLS are not renewed meanwhile: those of another day the test would refuse.
        let options = Options { mosip, bootstrap: BRIEF, environment: clock.environment(), lifetime: 366 * DAY as u32, ..Options::default() };
        let system = System::start(database, options);
        let file = system.folder().join("mosip-bootstrap.toml");
        let text = std::fs::read_to_string(&file).expect("the file");
        let base = text.replace("key_validity_duration = 730\npre_expire_days = 30", "key_validity_duration = 2\npre_expire_days = 1");
        assert_ne!(base, text);
        std::fs::write(&file, base).expect("the file");
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        system.start_key_manager();
        system.wait_until_ready();
        let token = system.forged_token("backend", &json!({}), &json!({"exp": km_tests::now().seconds() + 30 * DAY}));
        let backend = system.mosip_anyone().with_token(token);
        master(&backend, "BRIEF");
        let sign = || backend.ask_mosip("/jwtSign", json!({"dataToSign": "e30", "applicationId": "BRIEF", "includePayload": true}));
        let encrypt = || backend.ask_mosip("/encrypt", to_encrypt("BRIEF", "ENCRYPT", "Selam"));
        let (mut made, mut ids) = (Vec::new(), Vec::new());
        for day in 0..4 {
            // And an hour: today's keys were made a little later than the clock began.
            clock.set(day * (DAY + 3600));
            let (signed, sealed) = (sign(), encrypt());
            if day > 0 {
                ids.extend([signed.request_id.clone(), sealed.request_id.clone()]);
            }
            made.push((signed.response()["jwtSignedData"].clone(), sealed.response()["data"].clone()));
            for (reference, count) in [("", day + 1), ("ENCRYPT", day + 1)] {
                let listed = all(&backend, "BRIEF", reference);
                assert_eq!(listed.len() as i64, count, "{reference} on day {day}");
                assert_eq!(current(&backend, "BRIEF", reference)["certificate"], listed[listed.len() - 1]["certificateData"]);
            }
            for (_, sealed) in &made {
                let opened = backend.ask_mosip("/decrypt", to_decrypt("BRIEF", "ENCRYPT", sealed.as_str().expect("data"))).response();
                assert_eq!(opened["data"], base64url("Selam"));
            }
            // Today, and as of the day on which it was signed: its certificate lives for two days.
            for (at, (signed, _)) in made.iter().enumerate() {
                let then = km_tests::now().plus(Duration::from_secs((at as i64 * (DAY + 3600) + 600) as u64));
                let asked = json!({"jwtSignatureData": signed, "applicationId": "BRIEF", "asOf": then.to_string()});
                assert_eq!(backend.ask_mosip("/jwtVerify", asked).response()["signatureValid"], true, "{at} on day {day}");
            }
        }
        clock.set(0);
        let events = system.events_from("auditor", 0);
        let is_made = |event: &&Value| event["kind"].as_str().is_some_and(|kind| kind.starts_with("key.") && kind.ends_with(".outcome"));
        let by_a_call = events.iter().filter(is_made).filter(|event| ids.iter().any(|id| event["request_id"] == id.as_str())).count();
        // The job makes what has none every half minute, and may be first now and then.
        assert!((1..=6).contains(&by_a_call), "{by_a_call} keys were made by calls");
        let kids: std::collections::BTreeSet<String> = made.iter().map(|(jws, _)| jws.as_str().expect("a JWS").split('.').next().expect("a header").to_owned()).collect();
        assert_eq!(kids.len(), 4, "each day has a key of its own");
    }
}
