//! Step 4: The same without the right: another role, the registry alone, a stolen token. Each is refused, says why, and
//! stands in the audit trail.

use km_tests::openssl::make_key;
use km_tests::program::run;
use km_tests::records::open_message;
use km_tests::{System, on_both};

use crate::{checkpoint, events_from, open, record_of, town};

/// The refusal stands in the trail.
fn is_in_trail(system: &System, from: u64, reason: &str) {
    let events = events_from(system, from);
    assert!(
        events.iter().any(|event| event["outcome"] == "refused" && event["reason"] == reason),
        "{reason}: {events:#?}"
    );
}

on_both! {
    fn without_the_right_nothing_opens_and_everything_is_recorded(system: &System) {
        let record = record_of(system, town::of(system).national_id(5));
        let from = checkpoint(system)["size"].as_u64().expect("a size");

        let refused = open(system, "auditor", &record, "bank_account").refused("role-missing");
        assert!(!refused.json()["detail"].as_str().expect("a reason").is_empty());
        is_in_trail(system, from, "role-missing");

        // The registry's own certificate, and nobody's token.
        let own = system.folder().join("registry");
        let files = [own.join("certificate.pem"), own.join("key.pem")];
        let registry = system.grpc_with(Some((&files[0], &files[1])));
        let (status, _) = registry.open_record(open_message("AAAA", Vec::new())).refused("token-missing");
        assert!(!status.message().is_empty());
        is_in_trail(system, from, "token-missing");

        // The thief has the caseworker's token, not the caseworker's key.
        let thief = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
        make_key(&thief);
        let mut command = system.registryctl("caseworker");
        command.arg("--reader-key").arg(&thief).args([
            "open",
            &record,
            "--fields",
            "bank_account",
            "--purpose",
            "eligibility",
        ]);
        run(&mut command).refused("key-not-enrolled");
        is_in_trail(system, from, "key-not-enrolled");

        // Whoever has the right reads on.
        open(system, "caseworker", &record, "bank_account").good();
    }
}
