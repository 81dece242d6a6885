//! `Records.RewrapStatus`

use std::time::Duration;

use km_proto::v1::RewrapStatusRequest;
use km_test_support::wait_until;
use km_tests::on_both;
use km_tests::people::{draft, national_id};

on_both! {
    /// The key-encryption key is rotated: every subject key moves, and old records open before, while and after.
    fn subject_keys_move_to_the_new_version_until_none_is_left(system: &System) {
        let reader = system.reader("backend");
        let records: Vec<_> = (0..10).map(|_| system.seal(&reader, &draft(&national_id()))).collect();
        let status = || system.grpc("demo").rewrap_status(RewrapStatusRequest {}).good().key_encryption;
        let before: u64 = status().iter().map(|version| version.subject_keys).sum();
        assert!(before >= 10);
        let keys = system.rest("backend").get("/v1/keys").good();
        let kek = keys["keys"].as_array().expect("keys").iter().find(|key| key["purpose"] == "key-encryption");
        let kek = kek.expect("the key-encryption key")["id"].as_str().expect("an id").to_owned();
        let version = system.rotate(&kek);
        assert!(system.read(&reader, &records[0], &["national_id"]).is_ok());
        assert!(wait_until(Duration::from_secs(60), || {
            let left: u64 =
                status().iter().filter(|one| u64::from(one.version) < version).map(|one| one.subject_keys).sum();
            left == 0
        }));
        let after = status();
        let current = after.iter().find(|one| u64::from(one.version) == version).expect("the new version");
        assert!(current.state == "active" && current.subject_keys >= before, "{after:?}");
        for record in &records {
            assert!(system.read(&reader, record, &["national_id"]).is_ok());
        }
        let events = system.events_from("auditor", 0);
        assert!(events.iter().any(|event| event["kind"] == "rewrap.progress"));
        system.seal(&reader, &draft(&national_id()));
    }

    fn tenants_see_their_own_counts(system: &System) {
        let reader = system.reader("backend");
        let count = || -> u64 {
            system.grpc("other").rewrap_status(RewrapStatusRequest {}).good().key_encryption.iter().map(|one| one.subject_keys).sum()
        };
        let before = count();
        system.seal(&reader, &draft(&national_id()));
        assert_eq!(count(), before);
    }
}
