//! `/openapi.json` and `/docs`

use std::collections::BTreeSet;

use km_tests::on_both;

const ROUTES: [(&str, &str); 10] = [
    ("get", "/v1/status"),
    ("get", "/v1/registers"),
    ("get", "/v1/registers/{register}"),
    ("get", "/v1/registers/{register}/records"),
    ("post", "/v1/registers/{register}/records"),
    ("post", "/v1/registers/{register}/records/find"),
    ("post", "/v1/registers/{register}/records/open"),
    ("put", "/v1/registers/{register}/records/{id}"),
    ("delete", "/v1/registers/{register}/records/{id}"),
    ("post", "/v1/registers/{register}/records/{id}/open"),
];

on_both! {
    fn the_document_describes_every_route_and_no_member_for_a_personal_value(system: &System) {
        let document = system.registry_anyone().get("/openapi.json").good();
        assert_eq!(document["openapi"], "3.1.0");
        let described: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .expect("paths")
            .iter()
            .flat_map(|(path, methods)| {
                methods
                    .as_object()
                    .expect("methods")
                    .keys()
                    .map(|method| (method.clone(), path.clone()))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(described, ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect());
        let schemas = document["components"]["schemas"].to_string();
        for field in ["national_id", "family_name", "birth_date", "phones"] {
            assert!(!schemas.contains(&format!("\"{field}\"")), "{field}");
        }
        let page = system.registry_anyone().get("/docs");
        assert_eq!(page.status, 200);
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    }
}
