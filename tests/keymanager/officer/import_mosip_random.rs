//! `/v1/officer/mosip/random-keys…` and `kmctl import-mosip`: the random keys of `zkEncrypt` moved in. That they are, in each schema version,
//! is seen in `import_mosip.rs`.

use km_tests::{Options, System, on_each};
use serde_json::json;

use super::import_mosip::{APPLY, Source, start};

on_each! {
    /// Numbers stand in the values: one that another key has here, and rows that are none, are left.
    fn random_keys_that_do_not_fit_are_left(database: Database) {
        let source = Source::load("1.3");
        let options = Options { mosip: Some(String::new()), bootstrap: "zk_random_keys = 1\n", registry: true, ..Options::default() };
        let system = System::start(database, options);
        source.sql("INSERT INTO keymgr.data_encrypt_keystore (id, key, key_status) VALUES (-1, repeat('A', 44), 'Active'), (9, 'AAAA', 'Active'), (4294967296, repeat('A', 44), 'Active')");
        let ran = source.import(&system, &APPLY);
        assert_eq!(ran.code, Some(1), "{}", ran.told());
        let report = ran.json();
        let mut left: Vec<_> = report["random_keys"]["left"].as_object().expect("numbers").keys().map(String::as_str).collect();
        left.sort_unstable();
        assert_eq!((left, &report["random_keys"]["imported"], &report["left"]), (vec!["-1", "0", "4294967296", "9"], &json!(2), &json!(4)), "{report:#}");
        assert!(report["random_keys"]["left"]["0"].as_str().expect("why").contains("another key"));
        source.random_keys_work(&system.mosip("backend"));
        // Without the key that wraps them none can be had, and all else is moved.
        let (source, system) = (Source::load("1.3"), start(database));
        source.sql("DELETE FROM keymgr.key_alias WHERE ref_id = 'IDENTITY_CACHE'");
        let report = source.import(&system, &APPLY).json();
        assert_eq!((&report["random_keys"]["imported"], &report["left"]), (&json!(0), &json!(3)), "{report:#}");
    }

    /// The call itself, with what no honest program sends.
    fn what_is_no_random_key_is_refused(database: Database) {
        let (source, system) = (Source::load("1.3"), start(database));
        source.import(&system, &APPLY).good();
        let officer = system.officer("officer");
        let send = |keys: serde_json::Value| officer.post("/v1/officer/mosip/random-keys", json!({"keys": keys}));
        let one = json!({"number": 50, "key": "AAAA", "seals": true});
        let answer = send(json!([one])).good();
        assert_eq!(answer["keys"], json!([{"number": 50, "outcome": "refused"}]));
        for keys in [json!([]), json!(vec![one; 201])] {
            send(keys).refused(400, "invalid-request");
        }
        assert_eq!(system.rows.sql("SELECT count(*) FROM mosip_zk_key"), "3");
        // Another tenant's officer has no dialect.
        system.officer("other-officer").post("/v1/officer/mosip/random-keys/transfer", json!(null)).refused(403, "tenant-mismatch");
    }
}
