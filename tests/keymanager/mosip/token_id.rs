//! `GET /tokenid/{uin}/{partnercode}`

use km_tests::{Options, System, on_both, on_each};
use serde_json::Value;

on_both! {
    /// Without salts of its own an installation has no token ids.
    fn there_are_none_without_salts(system: &System) {
        system.mosip("backend").get("/tokenid/1234567890/PARTNER1").refused_with(404, "KER-KMS-500");
    }
}

on_each! {
    /// The specification's vector, and some by another program.
    fn a_person_has_one_with_every_partner(database: Database) {
        let fixture: Value = serde_json::from_str(include_str!("../../fixtures/mosip/token_ids.json")).expect("vectors");
        let case = fixture["cases"][0].clone();
        let salts = std::env::temp_dir().join(km_tests::call::request_id());
        std::fs::create_dir(&salts).expect("a folder");
        let file = |name: &str, text: &Value| {
            use std::os::unix::fs::PermissionsExt;
            let path = salts.join(name);
            std::fs::write(&path, text.as_str().expect("a salt")).expect("a file");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
            path.display().to_string()
        };
        let (one, two) = (file("uin", &case["uin_salt"]), file("partner", &case["partner_salt"]));
        let mosip = format!("token_ids = {{ uin_salt_file = \"{one}\", partner_code_salt_file = \"{two}\" }}");
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let backend = system.mosip("backend");
        let path = |uin: &str, partner: &str| format!("/tokenid/{uin}/{partner}");
        let [uin, partner] = ["uin", "partner"].map(|name| case[name].as_str().expect("a text"));
        assert_eq!(backend.get(&path(uin, partner)).response()["tokenID"], case["token_id"]);
        let other = backend.get(&path(uin, "ANOTHER")).response()["tokenID"].clone();
        assert!(other != case["token_id"] && other.as_str().is_some_and(|digits| digits.len() == 36));
        backend.get(&path("%20", partner)).refused_with(200, "KER-TIG-010");
        backend.get(&path(uin, "%20")).refused_with(200, "KER-TIG-010");
        // Nobody learns from the log whose number it was.
        let end = system.log_end();
        let answer = backend.get(&path("4711471147", partner));
        let event = system.events_of(end, &answer.request_id).is("crypto.mac", "done", "").clone();
        assert!(!event.to_string().contains("4711471147"));
        std::fs::remove_dir_all(&salts).expect("a folder less");
    }
}
