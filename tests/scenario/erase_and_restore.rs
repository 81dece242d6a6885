//! Step 7: One person is erased and the registry's earlier backup restored: that person stays closed, a neighbour
//! opens.

use km_tests::program::run;
use km_tests::{base64url, from_base64url, on_each};
use serde_json::json;

use crate::{name_of, open, record_of, town};

on_each! {
    fn the_erased_stays_closed_after_the_restore_and_the_neighbour_opens(database: Database) {
        let system = crate::start(database);
        let file = system.folder().join("people.csv");
        town::make(&file, 20, 0);
        run(system.registryctl("backend").arg("import").arg(&file)).good();
        let people = town::rows(&file);
        let [victim, neighbour] = [7, 8].map(|number| record_of(&system, &people[number]["national_id"]));
        let backup = system.folder().join("registry.backup");
        let path = backup.to_str().expect("a path");
        system.registry_command(&["backup", "--to", path]).good();

        let erase = ["erase", &victim, "--purpose", "erasure-request", "--case", "TOUR-7"];
        let unsaid = run(system.registryctl("backend").args(erase));
        assert_eq!(unsaid.code, Some(2), "erased without a yes: {}", unsaid.told());
        let erased = run(system.registryctl("backend").args(erase).arg("--yes")).good().json();
        let certificate = erased["certificate"].as_str().expect("a certificate");
        // The certificate is proof for whoever holds the root, and of the record that it names only.
        let verify = |certificate: &str, root: &str| {
            let file = system.folder().join(format!("{}.jws", km_tests::call::request_id()));
            std::fs::write(&file, certificate).expect("a file");
            run(system.kmctl("auditor").arg("verify").arg(&file).arg("--root").arg(system.public(root)))
        };
        let certified = verify(certificate, "evidence-root.pem").good().json();
        assert_eq!((&certified["holds"], &certified["record"]), (&json!(true), &json!(victim)), "{certified:#}");
        verify(certificate, "business-root.pem").refused("not-proven");
        let parts: Vec<&str> = certificate.split('.').collect();
        let payload = String::from_utf8(from_base64url(parts[1])).expect("JSON").replace(&victim, &neighbour);
        let forged = [parts[0], &base64url(payload), parts[2]].join(".");
        assert_ne!(forged, certificate);
        verify(&forged, "evidence-root.pem").refused("not-proven");
        let rows =
            || system.registry_rows.sql(&format!("SELECT count(*) FROM sealed_fields WHERE record = '{victim}'"));
        assert_eq!(rows(), "0");
        open(&system, "caseworker", &victim, "display_name").refused("record-erased");

        assert_eq!(system.stop("registry"), Some(Some(0)));
        assert_eq!(open(&system, "caseworker", &neighbour, "display_name").code, Some(3), "the registry is stopped");
        system.registry_command(&["restore", "--from", path]).good();
        system.start_registry();
        assert_ne!(rows(), "0", "the backup holds nothing of the erased: nothing would be shown");
        open(&system, "caseworker", &victim, "display_name").refused("record-erased");
        assert_eq!(name_of(&system, &neighbour), people[8]["display_name"]);
    }
}
