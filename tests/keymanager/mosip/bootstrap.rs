//! What an installation begins with, and that it is made once.

use std::time::Duration;

use km_test_support::wait_until;
use km_tests::{Options, System, on_each};
use serde_json::json;

use super::{POLICIES, all, current};

on_each! {
    /// Twice started, and once more with a policy changed in the file.
    fn the_bootstrap_file_is_followed_and_nothing_is_made_twice(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), ..Options::default() });
        let names = [("ROOT", ""), ("KERNEL", "SIGN"), ("REGISTRATION", ""), ("ID_REPO", ""), ("OPENG2P", ""), ("REGISTRY", ""), ("PARTNER", ""), ("REGISTRATION", "ENCRYPT"), ("OPENG2P", "ENCRYPT")];
        let listed = || names.map(|(application, reference)| all(&system.mosip("backend"), application, reference));
        let before = listed();
        assert!(before.iter().all(|one| one.len() == 1));
        let count = system.rows.sql("SELECT count(*) FROM mosip_alias");
        assert_eq!(count, names.len().to_string());
        let events = system.events_from("auditor", 0);
        let made = events.iter().filter(|event| event["actor"]["name"] == "mosip-bootstrap" && event["outcome"] == "done");
        // Fifteen policies and nine keys.
        assert_eq!(made.count(), 15 + names.len());
        let file = system.folder().join("mosip-bootstrap.toml");
        let text = std::fs::read_to_string(&file).expect("the file");
        let closed = text.replace("app_id = \"ID_REPO\"\n", "app_id = \"ID_REPO\"\naccess_allowed = \"nobody-at-all\"\n");
        assert_ne!(text, closed);
        for text in [&text, &closed] {
            std::fs::write(&file, text).expect("the file");
            assert_eq!(system.stop("keymanager"), Some(Some(0)));
            system.start_key_manager();
            system.wait_until_ready();
            assert_eq!(listed(), before);
            assert_eq!(system.rows.sql("SELECT count(*) FROM mosip_alias"), count);
        }
        let sign = json!({"dataToSign": "e30", "applicationId": "ID_REPO"});
        system.mosip("backend").ask_mosip("/jwtSign", sign).refused_with(200, "KER-JWS-108");
        let events = system.events_from("auditor", 0);
        let policies = events.iter().filter(|event| event["kind"] == "policy.set" && event["object"] == "policy ID_REPO");
        assert_eq!(policies.count(), 2);
    }

    /// Rows that somebody edited in the database are not believed.
    fn an_edited_policy_or_alias_is_refused(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), bootstrap: POLICIES, ..Options::default() });
        let backend = system.mosip("backend");
        let encrypt = |application: &str| backend.ask_mosip("/encrypt", km_tests::mosip::to_encrypt(application, "ENCRYPT", "Selam"));
        encrypt("REGISTRATION").response();
        encrypt("CLOSED").refused_with(200, "KER-KMS-002");
        system.rows.sql("UPDATE mosip_policy SET access = 'NA' WHERE application = 'CLOSED'");
        system.rows.sql("UPDATE mosip_alias SET certificate = (SELECT certificate FROM mosip_alias WHERE application = 'OPENG2P' AND reference = 'ENCRYPT'), thumbprint = (SELECT thumbprint FROM mosip_alias WHERE application = 'OPENG2P' AND reference = 'ENCRYPT') WHERE application = 'REGISTRATION' AND reference = 'ENCRYPT'");
        let listed = system.rows.sql("SELECT count(*) FROM mosip_alias WHERE application = 'REGISTRATION'");
        assert_eq!(listed, "2");
        // Any change of keys has them read anew.
        system.key("mac", "HMAC-SHA-256");
        encrypt("CLOSED").refused_with(200, "KER-KMS-002");
        let answer = encrypt("REGISTRATION");
        assert!(answer.body["response"].is_null() || current(&backend, "REGISTRATION", "ENCRYPT")["certificate"] != current(&backend, "OPENG2P", "ENCRYPT")["certificate"], "{}", answer.text());
        let state = || system.readiness().map(|(_, ready)| ready["components"]["keys"]["state"].clone());
        assert!(wait_until(Duration::from_secs(20), || state() == Some(json!("degraded"))), "{:?}", system.readiness());
    }
}
