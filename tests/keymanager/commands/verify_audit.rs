//! `verify-audit`: an altered log is found, whatever was altered.

use km_tests::{Options, System, on_each};
use serde_json::json;

/// A system at rest, with some events of callers in its log and a checkpoint over all of them.
fn at_rest(database: km_tests::Database) -> System {
    let system = System::start(database, Options::default());
    let key = system.key("mac", "HMAC-SHA-256");
    for _ in 0..5 {
        system.rest("backend").post(&format!("/v1/keys/{key}/mac"), json!({"message": "AAAA"})).good();
    }
    assert_eq!(system.stop("keymanager"), Some(Some(0)));
    system
}

fn number(system: &System, sql: &str) -> u64 {
    system.rows.sql(sql).parse().expect("a number")
}

/// The leaf of an event, in hexadecimal.
fn leaf(system: &System, index: u64) -> String {
    let hex = if system.rows.is_sqlite() { "hex(leaf)" } else { "encode(leaf, 'hex')" };
    system.rows.sql(&format!("SELECT {hex} FROM event WHERE log_index = {index}")).to_lowercase()
}

fn set_leaf(system: &System, index: u64, hex: &str) {
    let bytes: Vec<u8> =
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal")).collect();
    system.rows.sql(&format!("UPDATE event SET leaf = {} WHERE log_index = {index}", system.rows.bytes(&bytes)));
}

on_each! {
    fn an_untouched_log_holds_while_serving_and_at_rest(database: Database) {
        let system = System::start(database, Options::default());
        let ran = system.key_manager(&["verify-audit"]).good();
        assert!(ran.output.contains("each in its place"), "{}", ran.told());
        system.stop("keymanager");
        system.key_manager(&["verify-audit"]).good();
    }

    fn a_changed_byte_of_any_event_is_found(database: Database) {
        let system = at_rest(database);
        let last = number(&system, "SELECT max(log_index) FROM event");
        for index in [0, last / 2, last - 1, last] {
            let good = leaf(&system, index);
            // A change that still reads as an event of the right form: another digit of the random salt.
            let salt = "2273616c74223a22"; // "salt":"
            let at = good.find(salt).expect("a salt") + salt.len();
            let other = if &good[at..at + 2] == "30" { "31" } else { "30" };
            set_leaf(&system, index, &format!("{}{other}{}", &good[..at], &good[at + 2..]));
            let ran = system.key_manager(&["verify-audit"]).bad();
            assert!(!ran.told().contains("panicked"), "{}", ran.told());
            // And one that does not.
            set_leaf(&system, index, &format!("00{}", &good[2..]));
            system.key_manager(&["verify-audit"]).bad();
            set_leaf(&system, index, &good);
            system.key_manager(&["verify-audit"]).good();
        }
    }

    fn a_deleted_moved_or_added_event_is_found(database: Database) {
        let system = at_rest(database);
        let last = number(&system, "SELECT max(log_index) FROM event");
        for index in [0, last / 2, last] {
            let good = leaf(&system, index);
            let time = number(&system, &format!("SELECT log_time FROM event WHERE log_index = {index}"));
            system.rows.sql(&format!("DELETE FROM event WHERE log_index = {index}"));
            system.key_manager(&["verify-audit"]).bad();
            system.rows.sql(&format!("INSERT INTO event (log_index, log_time, leaf) VALUES ({index}, {time}, {})", system.rows.bytes(&[])));
            set_leaf(&system, index, &good);
            system.key_manager(&["verify-audit"]).good();
        }
        let (one, two) = (leaf(&system, 3), leaf(&system, 4));
        set_leaf(&system, 3, &two);
        set_leaf(&system, 4, &one);
        system.key_manager(&["verify-audit"]).bad();
        set_leaf(&system, 3, &one);
        set_leaf(&system, 4, &two);
        system.key_manager(&["verify-audit"]).good();
        let added = format!("INSERT INTO event (log_index, log_time, leaf) SELECT {}, log_time, leaf FROM event WHERE log_index = {last}", last + 1);
        system.rows.sql(&added);
        system.key_manager(&["verify-audit"]).bad();
    }

    /// Who can write the database cuts the end off and takes every checkpoint over it away: the one kept outside remembers.
    fn a_log_that_was_rolled_back_is_found_and_not_served(database: Database) {
        let system = at_rest(database);
        let copy = system.folder().join("older.backup");
        system.key_manager(&["backup", "--to", copy.to_str().expect("a path")]).good();
        system.start_key_manager();
        system.wait_until_ready();
        let key = system.key("mac", "HMAC-SHA-256");
        system.rest("backend").post(&format!("/v1/keys/{key}/mac"), json!({"message": "AAAA"})).good();
        // The checkpoint over it is kept outside.
        let end = system.log_end();
        assert!(km_test_support::wait_until(std::time::Duration::from_secs(20), || {
            let note = system.rest("auditor").get("/v1/log/checkpoint").text();
            note.lines().nth(1).and_then(|size| size.parse::<u64>().ok()).is_some_and(|size| size >= end)
        }));
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        system.key_manager(&["restore", "--from", copy.to_str().expect("a path")]).good();
        let ran = system.key_manager(&["verify-audit"]).bad();
        assert!(ran.errors.contains("checkpoint"), "{}", ran.told());
        let ran = system.key_manager(&["serve"]).bad();
        assert!(ran.told().contains("checkpoint"), "{}", ran.told());
        // On purpose it is possible: the error says how.
        std::fs::remove_file(system.public("newest-checkpoint")).expect("the kept checkpoint");
        system.key_manager(&["verify-audit"]).good();
        system.start_key_manager();
        system.wait_until_ready();
    }
}
