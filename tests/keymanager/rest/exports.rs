//! `POST /v1/exports` and `GET /v1/exports/{id}`

use std::path::{Path, PathBuf};
use std::process::Command;

use km_evidence::{BundleFiles, name};
use km_tests::program::{Ran, run};
use km_tests::system::der_of;
use km_tests::{Options, System, now, on_both, on_each};
use serde_json::{Value, json};

/// A bundle of the whole log so far.
fn bundle(system: &System) -> Vec<u8> {
    let auditor = system.rest("auditor");
    let made = auditor.post("/v1/exports", json!({"purpose": "audit", "case": "AU-2026/7"}));
    assert_eq!(made.status, 201, "{}", made.text());
    let path = made.header("location").to_owned();
    let made = made.good();
    assert_eq!(
        (path, &made["state"]),
        (format!("/v1/exports/{}", made["id"].as_str().expect("an id")), &json!("done"))
    );
    let answer = auditor.get(&format!("/v1/exports/{}", made["id"].as_str().expect("an id")));
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"));
    answer.bytes
}

/// The bundle's files in a folder of their own.
fn unpacked(system: &System, bundle: &[u8]) -> PathBuf {
    let folder = system.folder().join(km_tests::call::request_id());
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("bundle.zip"), bundle).expect("a file");
    run(Command::new("unzip").args(["-q", "bundle.zip"]).current_dir(&folder)).good();
    std::fs::remove_file(folder.join("bundle.zip")).expect("a file less");
    folder
}

/// What the README of a bundle tells its reader to run; nothing of ours is in it.
fn stock(folder: &Path, root: &Path) -> Ran {
    let script = "openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS \
        -CAfile \"$1\" -no-CApath -no-CAstore -out /dev/null && sha256sum -c --strict SHA256SUMS";
    run(Command::new("sh").args(["-c", script, "verify"]).arg(root).current_dir(folder))
}

/// Whether our own verifier believes the folder.
fn ours(system: &System, folder: &Path) -> bool {
    let root = der_of(&system.public("evidence-root.pem")).remove(0);
    let files = BundleFiles::from_folder(folder).expect("a folder with files");
    km_evidence::verify(&files, &root, now()).holds()
}

/// Recomputes the sums, as somebody who changed a file would.
fn sum_again(folder: &Path) {
    let script = "find . -type f ! -name 'SHA256SUMS*' | sed 's|^\\./||' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS";
    run(Command::new("sh").args(["-c", script]).current_dir(folder)).good();
}

on_both! {
    fn stock_openssl_and_sha256sum_verify_a_bundle_and_so_do_we(system: &System) {
        let folder = unpacked(system, &bundle(system));
        stock(&folder, &system.public("evidence-root.pem")).good();
        assert!(ours(system, &folder));
        for foreign in ["ca.pem", "business-root.pem"] {
            stock(&folder, &system.public(foreign)).bad();
        }
        let report = |root: &str| {
            let root = der_of(&system.public(root)).remove(0);
            km_evidence::verify(&BundleFiles::from_folder(&folder).expect("files"), &root, now())
        };
        assert!(!report("ca.pem").holds());
        let manifest: Value =
            serde_json::from_slice(&std::fs::read(folder.join(name::MANIFEST)).expect("a manifest")).expect("JSON");
        assert_eq!((&manifest["purpose"], &manifest["case"]), (&json!("audit"), &json!("AU-2026/7")), "{manifest:#}");
    }

    /// Every file of the bundle, one byte each, with and without new sums.
    fn a_changed_byte_is_refused_by_both(system: &System) {
        let made = bundle(system);
        let root = system.public("evidence-root.pem");
        for file in name::DESCRIBED.iter().copied().chain([name::MANIFEST]) {
            let folder = unpacked(system, &made);
            let path = folder.join(file);
            let mut bytes = std::fs::read(&path).expect("the file");
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).expect("the file");
            stock(&folder, &root).bad();
            assert!(!ours(system, &folder), "{file}");
            sum_again(&folder);
            stock(&folder, &root).bad();
            assert!(!ours(system, &folder), "{file} with new sums");
        }
    }

    fn a_file_more_or_less_is_refused(system: &System) {
        let folder = unpacked(system, &bundle(system));
        std::fs::write(folder.join("note.txt"), "not named").expect("a file");
        assert!(!ours(system, &folder), "an unnamed file");
        std::fs::remove_file(folder.join("note.txt")).expect("a file less");
        assert!(ours(system, &folder));
        std::fs::remove_file(folder.join(name::EVENTS)).expect("a file less");
        assert!(!ours(system, &folder), "a file less");
        stock(&folder, &system.public("evidence-root.pem")).bad();
    }

    fn a_purpose_of_the_list_and_a_range_within_the_log_are_needed(system: &System) {
        let auditor = system.rest("auditor");
        for (body, status, code) in [
            (json!({"purpose": "curiosity"}), 400, "purpose-refused"),
            (json!({"purpose": "audit", "case": "Amina Diallo"}), 400, "purpose-refused"),
            (json!({"purpose": "audit", "from": 5, "to": 5}), 400, "invalid-request"),
            (json!({"purpose": "audit", "from": 0, "to": 999_999_999}), 400, "invalid-request"),
        ] {
            let end = system.log_end();
            let answer = auditor.post("/v1/exports", body).refused(status, code);
            assert!(!answer.text().contains("Diallo"));
            let events = system.events_of(end, &answer.request_id).0;
            let last = events.last().expect("an event");
            assert_eq!((&last["kind"], &last["outcome"], &last["reason"]), (&json!("export.outcome"), &json!("refused"), &json!(code)));
        }
        auditor.post("/v1/exports", json!({"from": 0})).refused(400, "malformed-body");
    }

    fn intent_and_outcome_are_recorded_and_the_bundle_is_its_tenants(system: &System) {
        let auditor = system.rest("auditor");
        let end = system.log_end();
        let answer = auditor.post("/v1/exports", json!({"purpose": "audit", "from": 0, "to": 5}));
        let events = system.events_of(end, &answer.request_id).0;
        let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap_or_default()).collect();
        assert_eq!(kinds, ["export.intent", "export.outcome"]);
        assert_eq!(events[1]["intent"], events[0]["index"]);
        let made = answer.good();
        assert_eq!(made["range"], json!({"from": 0, "to": 5}));
        let path = format!("/v1/exports/{}", made["id"].as_str().expect("an id"));
        assert_eq!(auditor.get(&path).status, 200);
        system.rest("other-auditor").get(&path).refused(404, "not-found");
        auditor.get("/v1/exports/nothing").refused(404, "not-found");
    }

    /// Another tenant's events are there as hashes only.
    fn a_bundle_discloses_nothing_of_another_tenant(system: &System) {
        system.rest("other-backend").post("/v1/random", json!({"length": 8})).good();
        let folder = unpacked(system, &bundle(system));
        let events = std::fs::read_to_string(folder.join(name::EVENTS)).expect("events");
        assert!(events.contains("\"tenant\":\"demo\"") && !events.contains("\"tenant\":\"other\""));
        assert!(!events.contains("other-backend"));
    }
}

on_each! {
    /// `from` is the first entry, `to` the one after the last. In a system of its own, where nobody else writes.
    fn a_range_ends_before_its_end(database: Database) {
        let system = System::start(database, Options::default());
        let auditor = system.rest("auditor");
        let export = |body: Value| auditor.post("/v1/exports", body);
        let indexes = |made: &Value| -> Vec<u64> {
            let path = format!("/v1/exports/{}", made["id"].as_str().expect("an id"));
            let folder = unpacked(&system, &auditor.get(&path).bytes);
            assert!(ours(&system, &folder));
            let manifest: Value = serde_json::from_slice(&std::fs::read(folder.join(name::MANIFEST)).expect("a manifest")).expect("JSON");
            let text = std::fs::read_to_string(folder.join(name::EVENTS)).expect("events");
            let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            assert_eq!(manifest["range"]["from"], made["range"]["from"], "{manifest:#}");
            rows.iter().map(|row| row["index"].as_u64().expect("an index")).collect()
        };
        let made = export(json!({"purpose": "audit", "from": 3, "to": 4})).good();
        assert_eq!((&made["range"], indexes(&made)), (&json!({"from": 3, "to": 4}), vec![3]));
        let made = export(json!({"purpose": "audit", "from": 0, "to": 3})).good();
        assert_eq!(indexes(&made), [0, 1, 2]);
        // Without an end it goes to the end of the log, the export's own intent included.
        let made = export(json!({"purpose": "audit"})).good();
        let end = made["range"]["to"].as_u64().expect("an end");
        let last = *indexes(&made).last().expect("an event");
        assert_eq!(last, end - 1);
        // The end of the log as its limit: it grows by the outcome before and the own intent, by nothing else.
        let size = system.rows.sql("SELECT size FROM log_head").parse::<u64>().expect("a size");
        let made = export(json!({"purpose": "audit", "from": size, "to": size + 1})).good();
        assert_eq!(indexes(&made), [size], "the export's own intent is the last that it can hold");
        let size = system.rows.sql("SELECT size FROM log_head").parse::<u64>().expect("a size");
        for (from, to) in [(0, size + 2), (size + 1, size + 2), (size, size), (size, size - 1)] {
            let grown = system.rows.sql("SELECT size FROM log_head").parse::<u64>().expect("a size") - size;
            let refused = export(json!({"purpose": "audit", "from": from + grown, "to": to + grown})).refused(400, "invalid-request");
            assert_eq!(refused.body["field"], "from, to");
        }
    }
}
