//! `/openapi.json`, `/docs` and `/docs/errors` of the officers' door.

use std::collections::BTreeSet;

use km_tests::identities::DEMO;
use km_tests::on_both;
use serde_json::{Value, json};

use crate::routes::{Door, Keys, routes};

/// Methods and paths that a document describes.
fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = |(path, methods): (&String, &Value)| -> Vec<(String, String)> {
        let methods = methods.as_object().expect("methods").keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect()
    };
    paths.iter().flat_map(methods).collect()
}

on_both! {
    fn the_document_describes_every_route_of_the_door_and_no_other(system: &System) {
        let workstation = system.certificate(DEMO, "officer", "workstation");
        let door = system.at_officer_door(Some(workstation.files()));
        let document = door.get("/openapi.json").good();
        assert_eq!(document["openapi"], "3.1.0");
        let table = routes(&Keys::make(system));
        let ours = table.iter().filter(|route| route.door == Door::Officer);
        assert_eq!(described(&document), ours.map(|route| (route.method.to_owned(), route.pattern.to_owned())).collect());
        assert_eq!(document["components"]["securitySchemes"]["certificate"]["type"], "mutualTLS");
        let text = document.to_string();
        for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
        assert_eq!(door.get("/docs").status, 200);
        assert!(door.get("/docs/errors").text().contains("id=\"not-operators-tenant\""));
    }

    /// A name for each operation, unique within a document: clients are made from it.
    fn each_operation_has_a_name_of_its_own(system: &System) {
        let workstation = system.certificate(DEMO, "officer", "workstation");
        for door in [system.anyone(), system.at_officer_door(Some(workstation.files()))] {
            let document = door.get("/openapi.json").good();
            let operations: Vec<&Value> = document["paths"].as_object().expect("paths").values().flat_map(|path| path.as_object().expect("methods").values()).collect();
            let names: BTreeSet<&str> = operations.iter().filter_map(|operation| operation["operationId"].as_str()).collect();
            assert_eq!(names.len(), operations.len(), "{names:?}");
        }
    }

    /// Where the header has an effect, the document says so; nowhere else.
    fn idempotency_keys_are_described_where_they_count(system: &System) {
        let workstation = system.certificate(DEMO, "officer", "workstation");
        let mut taking = BTreeSet::new();
        for door in [system.anyone(), system.at_officer_door(Some(workstation.files()))] {
            let document = door.get("/openapi.json").good();
            for (method, path) in described(&document) {
                let parameters = &document["paths"][&path][method.to_lowercase()]["parameters"];
                let named = parameters.as_array().is_some_and(|all| all.iter().any(|one| one["name"] == json!("Idempotency-Key")));
                taking.extend(named.then_some(path));
            }
        }
        let expected = [
            "/v1/exports", "/v1/me/keys", "/v1/officer/keys", "/v1/officer/keys/{id}/rotate", "/v1/officer/tenants",
            "/v1/officer/enrolments/{id}/approve", "/v1/officer/certificates/{serial}/revoke",
        ];
        assert_eq!(taking, expected.map(str::to_owned).into());
    }
}
