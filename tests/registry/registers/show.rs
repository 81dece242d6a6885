//! `GET /v1/registers/{register}`

use km_domain::register::RegisterDefinition;
use km_tests::on_both;
use km_tests::people::definition;

on_both! {
    fn a_definition_is_shown_as_its_file_stands(system: &System) {
        let shown = system.registry("caseworker").get("/v1/registers/individual").text();
        let read = RegisterDefinition::from_json(&shown).expect("a definition that reads");
        assert_eq!(
            (read.register.clone(), read.schema),
            (definition("individual").register, definition("individual").schema)
        );
        assert_eq!(read.fields.len(), definition("individual").fields.len());
        let file = km_tests::settings::registers().join("individual.json");
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(file).expect("the file")).expect("JSON");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), file);
    }

    fn a_register_that_is_not_there_is_said_so(system: &System) {
        for name in ["nothing", "Not%20A%20Name", "..%2f..%2fetc%2fpasswd", "canary%27--"] {
            let refused = system.registry("caseworker").get(&format!("/v1/registers/{name}"));
            assert_eq!(refused.status, 404, "{name}: {}", refused.text());
            refused.is_problem();
            assert!(!refused.text().contains("canary"));
        }
    }
}
