//! `check-config`

use std::path::Path;
use std::process::Command;

use km_tests::program::{Ran, path, run};
use km_tests::{Options, System, on_both, on_each};

fn check(system: &System, change: impl Fn(&str) -> String) -> Ran {
    let text = std::fs::read_to_string(system.config("keymanager")).expect("the configuration");
    let file = system.folder().join(format!("{}.toml", km_tests::call::request_id()));
    std::fs::write(&file, change(&text)).expect("a file");
    check_file(&file)
}

fn check_file(file: &Path) -> Ran {
    run(Command::new(path("keymanager-svc")).arg("check-config").arg("--config").arg(file))
}

on_both! {
    fn a_good_file_is_good_and_all_faults_of_a_bad_one_are_listed(system: &System) {
        check(system, str::to_owned).good();
        let ran = check(system, |text| {
            text.replace("lifetime_seconds = 86400", "lifetime_seconds = 1\nworkstation_seconds = 99999999")
                .replace("operators_tenant = \"demo\"", "operators_tenant = \"system\"")
                .replace("checkpoint_ms = 100", "checkpoint_ms = 0\nsurprise = 1")
                .replace("development = false", "development = false\ncolour = \"red\"")
        });
        let told = ran.bad().errors;
        for fault in ["lifetime_seconds", "workstation_seconds", "operators_tenant", "checkpoint_ms", "surprise", "colour"] {
            assert!(told.contains(fault), "{fault} is not in: {told}");
        }
    }

    fn a_plain_http_issuer_is_refused_outside_development(system: &System) {
        let plain = |development: &str| {
            let development = format!("development = {development}");
            let issuer = system.issuer().to_owned();
            check(system, move |text| {
                text.replace("development = false", &development).replace(&issuer, &issuer.replace("https:", "http:"))
            })
        };
        let told = plain("false").bad().errors;
        assert!(told.contains("issuer") && told.contains("https"), "{told}");
        plain("true").good();
    }

    /// The dialect's bootstrap file is read too: all its faults at once, by file and place, and nothing of its text.
    fn every_fault_of_the_bootstrap_file_is_listed(system: &System) {
        let shipped = system.folder().join("mosip-bootstrap.toml");
        let good = std::fs::read_to_string(&shipped).expect("the bootstrap file");
        let told = |text: &str| {
            let file = system.folder().join(format!("{}-bootstrap.toml", km_tests::call::request_id()));
            std::fs::write(&file, text).expect("a file");
            let ran = check(system, |config| {
                config.replace(&format!("\"{}\"", shipped.display()), &format!("\"{}\"", file.display()))
            });
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            (ran, name)
        };
        assert!(told(&good).0.good().output.contains("is good"));
        let policy = "[[policies]]\napp_id = \"OPENG2P\"\nkey_validity_duration = 60\npre_expire_days = 60\n\
            [[policies]]\napp_id = \"A:B\"\nkey_validity_duration = 0\npre_expire_days = 0\nacces_allowed = \"canary\"\n";
        let text = format!("{good}\n{policy}");
        let text = text.replace("\"KERNEL:SIGN\"", "\"KERNEL:SIGN\", \"\", \"OPENG2P:canary\", \"ID_REPO\"");
        let text = text.replace("\"REGISTRATION:ENCRYPT\"", "\"REGISTRATION\", \"PARTNER:X\", \"OPENG2P:ENCRYPT\", \"REGISTRATION:ENCRYPT\"");
        let (ran, file) = told(&text);
        let errors = ran.bad().errors;
        let added = good.matches("[[policies]]").count();
        let places = [0, 1].map(|after| ["app_id", "key_validity_duration"].map(|key| format!("policies[{}].{key}", added + after)));
        for fault in [
            "app_ids[1]", "app_ids[2]", "app_ids[5] stands there twice", "base_keys[0]", "base_keys[1]", "base_keys[4] stands there twice",
            "acces_allowed", file.as_str(), &places[0][0], &places[0][1], &places[1][0], &places[1][1],
        ] {
            assert!(errors.contains(fault), "{fault} is not in: {errors}");
        }
        assert!(!errors.contains("canary"), "{errors}");
        for text in ["app_ids = 1", "policies = []\n[[policies]]\napp_id = \"A\"", "\u{0}", "app_ids = [\"A\""] {
            let (ran, file) = told(text);
            assert!(ran.bad().errors.contains(&file), "{text}");
        }
        let missing = check(system, |config| config.replace("mosip-bootstrap.toml", "missing-bootstrap.toml")).bad();
        assert!(missing.errors.contains("missing-bootstrap.toml: cannot be read"), "{}", missing.errors);
    }

    fn what_is_no_configuration_is_refused_without_its_text(system: &System) {
        for text in ["", "canary", "state_dir = 1", "[database]\nurl = \"mysql:canary\""] {
            let ran = check(system, |_| text.to_owned()).bad();
            assert!(!ran.told().contains("panicked"), "{}", ran.told());
        }
        assert_eq!(check_file(Path::new("/nonexistent/keymanager.toml")).bad().code, Some(1));
    }
}

on_each! {
    /// Where plain http is allowed, health and every event say so.
    fn development_shows_in_health_and_in_every_event(database: Database) {
        let system = System::start(database, Options { development: true, ..Options::default() });
        let (status, ready) = system.readiness().expect("an answer");
        assert_eq!((status, &ready["facts"]["development"]), (200, &true.into()));
        let events = system.events_from("auditor", 0);
        assert!(!events.is_empty() && events.iter().all(|event| event["development"] == true));
        let sober = crate::system(database);
        assert!(sober.events_from("auditor", 0).iter().all(|event| event["development"] == false));
    }
}
