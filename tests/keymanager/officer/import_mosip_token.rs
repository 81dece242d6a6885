//! `kmctl import-mosip` from a key store behind PKCS#11, which Java's provider filled (`tests/fixtures/mosip/import/1.3/token`).

use std::path::{Path, PathBuf};

use km_tests::on_each;
use km_tests::program::{Ran, run};
use serde_json::json;

use super::import_mosip::{APPLY, Source, everything_works, outcome, start};

/// A copy of the token, and what names it.
struct Token {
    folder: PathBuf,
}

impl Token {
    fn copied(source: &Source, folder: &Path) -> Self {
        let folder = folder.join(km_tests::call::request_id());
        std::fs::create_dir(&folder).expect("a folder");
        for (path, bytes) in files(&source.folder.join("token")) {
            let copy = folder.join(path);
            std::fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
            std::fs::write(copy, bytes).expect("a file");
        }
        let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", folder.display());
        std::fs::write(folder.with_extension("conf"), text).expect("a file");
        Self { folder }
    }

    #[track_caller]
    fn import(&self, source: &Source, system: &km_tests::System, label: &str, pin: &Path, more: &[&str]) -> Ran {
        let mut command = source.command_with_database(system, "officer", source.url());
        command.env("SOFTHSM2_CONF", self.folder.with_extension("conf"));
        command.arg("--pkcs11-module").arg(km_test_support::Module::SoftHsm.path());
        run(command.args(["--pkcs11-token", label]).arg("--pkcs11-pin-file").arg(pin).args(more))
    }
}

/// Every file below a folder, by its path there, with its bytes.
fn files(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("a name below").to_owned();
                found.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

on_each! {
    /// What the token gives out is moved, and what it keeps goes on opening what is wrapped under it.
    fn a_key_store_in_a_token_is_moved_in(database: Database) {
        let (source, system) = (Source::load("1.3"), start(database));
        let token = Token::copied(&source, system.folder());
        let (pin, samples) = (source.folder.join("../pin.txt"), source.samples());
        let before = files(&token.folder);
        let wrong = system.folder().join("wrong-pin.txt");
        std::fs::write(&wrong, "another PIN\n").expect("a file");
        for (label, pin) in [("mosip", wrong.as_path()), ("another", pin.as_path())] {
            let ran = token.import(&source, &system, label, pin, &APPLY);
            assert!(ran.code == Some(2) && !ran.told().contains("another PIN"), "{}", ran.told());
        }
        let ran = token.import(&source, &system, "mosip", &pin, &APPLY);
        assert_eq!(ran.code, Some(1), "{}", ran.told());
        let report = ran.json();
        let (stays, moves): (Vec<_>, Vec<_>) = samples.into_iter().partition(|sample| sample["stays"] == true);
        assert_eq!((stays.len(), &report["left"]), (1, &json!(1)), "{report:#}");
        assert!(stays.iter().all(|sample| outcome(&report, &sample["id"]) == "left"), "{report:#}");
        assert!(moves.iter().all(|sample| outcome(&report, &sample["id"]) == "imported"), "{report:#}");
        everything_works(&system.mosip("backend"), &moves);
        let after = files(&token.folder);
        assert!(after.keys().eq(before.keys()));
        let changed: Vec<_> = after.keys().filter(|path| after[*path] != before[*path]).collect();
        // SoftHSM counts attempts to log in.
        assert!(changed.iter().all(|path| path.ends_with("token.object") || path.ends_with("generation")), "{changed:?}");
    }
}
