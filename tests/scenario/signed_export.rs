//! Step 10: The trail as a signed bundle: stock `openssl` and `sha256sum` verify it, then `kmctl`; with one byte
//! changed and the sums recomputed both refuse.

use std::path::Path;
use std::process::Command;

use km_tests::program::{Ran, run};
use km_tests::{System, on_both};
use serde_json::json;

use crate::{checkpoint, record_of, town};

/// The two commands of the bundle's own README.txt, in one shell.
fn stock(folder: &Path, root: &Path) -> Ran {
    let script = "openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS \
        -CAfile \"$1\" -no-CApath -no-CAstore -out /dev/null && sha256sum -c --strict SHA256SUMS";
    run(Command::new("sh").args(["-c", script, "verify"]).arg(root).current_dir(folder))
}

fn ours(system: &System, bundle: &Path) -> Ran {
    run(system.kmctl("auditor").arg("verify").arg(bundle).arg("--root").arg(system.public("evidence-root.pem")))
}

on_both! {
    fn an_export_verifies_without_us_and_one_changed_byte_does_not(system: &System) {
        let from = checkpoint(system)["size"].as_u64().expect("a size").saturating_sub(1);
        record_of(system, town::of(system).national_id(10));
        let folder = system.folder().join(km_tests::call::request_id());
        let bundle = folder.with_extension("zip");
        let export = ["export", "--from", &from.to_string(), "--purpose", "audit", "--case", "TOUR-10", "--out"];
        let made = run(system.kmctl("auditor").args(export).arg(&bundle)).good().json();
        assert_eq!(made["from"], json!(from));
        run(system.kmctl("auditor").args(export).arg(&bundle)).bad();
        run(Command::new("unzip").arg("-q").arg(&bundle).arg("-d").arg(&folder)).good();

        let root = system.public("evidence-root.pem");
        let said = stock(&folder, &root).good();
        assert!(said.output.lines().filter(|line| line.ends_with(": OK")).count() > 3, "{}", said.told());
        stock(&folder, &system.public("ca.pem")).bad();
        for bundle in [&bundle, &folder] {
            assert_eq!(ours(system, bundle).good().json()["holds"], json!(true));
        }

        // One byte of one event, and the sums recomputed as a forger would.
        let script = "events=$(ls *.jsonl) && sed -i '0,/done/s//dome/' $events && \
            sha256sum $(awk '{ sub(/^\\*/, \"\", $2); print $2 }' SHA256SUMS) >sums && \
            mv sums SHA256SUMS && sha256sum -c --strict SHA256SUMS";
        run(Command::new("sh").args(["-c", script]).current_dir(&folder)).good();
        stock(&folder, &root).bad();
        let refused = ours(system, &folder);
        assert_eq!((refused.code, &refused.json()["holds"]), (Some(1), &json!(false)));
        assert_eq!(ours(system, &bundle).good().json()["holds"], json!(true));
    }
}
