//! Keys that stop being current: successors made ahead of time, and keys made when they are needed.

use std::time::Duration;

use km_test_support::wait_until;
use km_tests::mosip::{to_decrypt, to_encrypt};
use km_tests::{Options, System, base64url, on_each};
use serde_json::Value;

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
