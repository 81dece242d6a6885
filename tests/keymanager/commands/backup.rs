//! `backup` and `restore`

use km_tests::people::{draft, national_id};
use km_tests::{Options, System, on_each};
use serde_json::json;

on_each! {
    fn a_copy_made_while_serving_brings_everything_back(database: Database) {
        let system = System::start(database, Options::default());
        let reader = system.reader("backend");
        let stored = system.seal(&reader, &draft(&national_id()));
        let key = system.key("encrypt", "AES-256");
        let path = |operation: &str| format!("/v1/keys/{key}/{operation}");
        let sealed = system.rest("backend").post(&path("encrypt"), json!({"plaintext": "AAAA"})).good();
        let copy = system.folder().join("copy");
        let to = copy.to_str().expect("a path");
        // While calls go on.
        let backend = system.rest("backend");
        let failed = std::thread::scope(|scope| {
            let calls = scope.spawn(|| (0..30).filter(|_| backend.post(&path("encrypt"), json!({"plaintext": "AAAA"})).status != 200).count());
            system.key_manager(&["backup", "--to", to]).good();
            calls.join().expect("the calls")
        });
        assert_eq!(failed, 0);
        assert!(system.events_from("auditor", 0).iter().any(|event| event["kind"] == "backup.made"));
        // A copy is not overwritten, and nothing is restored under a running service.
        system.key_manager(&["backup", "--to", to]).bad();
        let ran = system.key_manager(&["restore", "--from", to]).bad();
        assert!(ran.errors.contains("in use"), "{}", ran.told());

        let late = system.key("mac", "HMAC-SHA-256");
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        system.key_manager(&["restore", "--from", to]).good();
        std::fs::remove_file(system.public("newest-checkpoint")).expect("the kept checkpoint");
        system.start_key_manager();
        system.wait_until_ready();
        let opened = system.rest("backend").post(&path("decrypt"), json!({"ciphertext": sealed["ciphertext"]})).good();
        assert_eq!(opened["plaintext"], "AAAA");
        assert!(system.read(&reader, &stored, &["national_id"]).is_ok());
        system.rest("backend").get(&format!("/v1/keys/{late}")).refused(404, "key-not-found");
        assert!(system.events_from("auditor", 0).iter().any(|event| event["kind"] == "backup.restored"));
        system.key_manager(&["verify-audit"]).good();
    }

    fn a_copy_holds_no_key_in_clear_and_is_its_owners(database: Database) {
        use std::os::unix::fs::PermissionsExt;
        let system = System::start(database, Options::default());
        let copy = system.folder().join("copy");
        system.key_manager(&["backup", "--to", copy.to_str().expect("a path")]).good();
        let mode = std::fs::metadata(&copy).expect("the copy").permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may read the copy: {mode:o}");
        system.key_manager(&["restore", "--from", "/nonexistent"]).bad();
    }
}
