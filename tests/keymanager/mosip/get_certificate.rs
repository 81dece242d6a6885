//! `GET /getCertificate`

use km_tests::on_both;
use serde_json::Value;

use super::{all, current, fresh, is_signed_by, x509};

on_both! {
    fn the_bootstraps_keys_are_there_and_say_what_the_dialect_says(system: &System) {
        let backend = system.mosip("backend");
        let root = current(&backend, "ROOT", "");
        let master = current(&backend, "OPENG2P", "");
        let base = current(&backend, "OPENG2P", "ENCRYPT");
        for answer in [&root, &master, &base] {
            let mut members: Vec<&String> = answer.as_object().expect("a response").keys().collect();
            members.sort();
            assert_eq!(members, ["certSignRequest", "certificate", "expiryAt", "issuedAt", "timestamp"]);
            assert_eq!(answer["certSignRequest"], Value::Null);
            for time in ["issuedAt", "expiryAt", "timestamp"] {
                let text = answer[time].as_str().expect("a time");
                assert!(text.len() == 24 && text.ends_with('Z'), "{text}");
            }
            let pem = answer["certificate"].as_str().expect("PEM");
            assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n") && pem.ends_with("-----END CERTIFICATE-----\n"));
            assert!(pem.lines().all(|line| line.len() <= 64));
        }
        // Profiles and lives: 2920, 1095 and 730 days.
        let days = |answer: &Value| {
            let seconds = |flag: &str| x509(system, &answer["certificate"], flag).split_once('=').expect("a date").1.to_owned();
            let at = |text: String| km_tests::program::run(std::process::Command::new("date").args(["-u", "-d", &text, "+%s"])).good().output.trim().parse::<i64>().expect("seconds");
            (at(seconds("-enddate")) - at(seconds("-startdate"))) / 86_400
        };
        assert_eq!([days(&root), days(&master), days(&base)], [2920, 1095, 730]);
        let text = |answer: &Value| x509(system, &answer["certificate"], "-text");
        for (answer, wanted) in [(&root, "CA:TRUE, pathlen:2"), (&master, "CA:TRUE, pathlen:1"), (&base, "CA:FALSE")] {
            assert!(text(answer).contains(wanted), "{wanted}");
        }
        for answer in [&root, &master] {
            assert!(text(answer).contains("Digital Signature, Certificate Sign"));
            assert!(text(answer).contains("Signature Algorithm: sha256WithRSAEncryption"));
        }
        assert!(text(&base).contains("Key Encipherment") && text(&base).contains("Public-Key: (2048 bit)"));
        let serial = x509(system, &base["certificate"], "-serial");
        assert_eq!(serial.len(), "serial=".len() + 16, "{serial}");
        assert!(!serial.contains("serial=-"));
        assert!(x509(system, &master["certificate"], "-subject").contains("CN = Sealkeep (OPENG2P)"));
        assert!(x509(system, &base["certificate"], "-subject").contains("CN = OPENG2P-ENCRYPT"));
        assert!(is_signed_by(system, &master["certificate"], &[&root["certificate"]]));
        assert!(is_signed_by(system, &base["certificate"], &[&root["certificate"], &master["certificate"]]));
        assert!(!is_signed_by(system, &base["certificate"], &[&root["certificate"]]));
    }

    fn a_base_key_is_made_when_it_is_first_asked_for_and_stays(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let made = current(&backend, "REGISTRATION", &reference);
        assert_eq!(current(&backend, "REGISTRATION", &reference)["certificate"], made["certificate"]);
    }

    fn a_master_key_is_not(system: &System) {
        let backend = system.mosip("backend");
        backend.get("/getCertificate?applicationId=COMPLIANCE_TOOLKIT").refused_with(200, "KER-KMS-012");
        backend.get("/getCertificate?applicationId=COMPLIANCE_TOOLKIT&referenceId=ENCRYPT").refused_with(200, "KER-KMS-012");
        backend.get("/getCertificate?applicationId=NOWHERE&referenceId=ENCRYPT").refused_with(200, "KER-KMS-002");
        backend.get("/getCertificate?applicationId=ROOT&referenceId=ENCRYPT").refused_with(200, "KER-KMS-016");
    }

    /// Many ask at once for a key that is not there: one is made, and all get that one.
    fn many_at_once_get_one_key(system: &System) {
        let reference = fresh("REF");
        let answers: Vec<Value> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| current(&system.mosip("backend"), "REGISTRATION", &reference)["certificate"].clone())).collect();
            asked.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(all(&system.mosip("backend"), "REGISTRATION", &reference).len(), 1);
    }
}
