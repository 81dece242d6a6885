//! `/openapi.json`, `/docs` and `/docs/errors`

use std::collections::BTreeSet;

use km_tests::on_both;

/// Every route of the door, as `contracts` name them.
const ROUTES: [(&str, &str); 20] = [
    ("get", "/.well-known/jwks.json"),
    ("get", "/v1/keys"),
    ("get", "/v1/keys/{id}"),
    ("post", "/v1/keys/{id}/encrypt"),
    ("post", "/v1/keys/{id}/decrypt"),
    ("post", "/v1/keys/{id}/rewrap"),
    ("post", "/v1/keys/{id}/sign"),
    ("post", "/v1/keys/{id}/verify"),
    ("post", "/v1/keys/{id}/mac"),
    ("post", "/v1/datakeys"),
    ("post", "/v1/datakeys/unwrap"),
    ("post", "/v1/random"),
    ("post", "/v1/me/keys"),
    ("get", "/v1/me/keys"),
    ("post", "/v1/enrol"),
    ("post", "/v1/exports"),
    ("get", "/v1/exports/{id}"),
    ("get", "/v1/log/checkpoint"),
    ("get", "/v1/log/events"),
    ("get", "/v1/log/proof"),
];

on_both! {
    fn the_document_describes_every_route_and_no_other(system: &System) {
        let document = system.anyone().get("/openapi.json").good();
        assert_eq!(document["openapi"], "3.1.0");
        let paths = document["paths"].as_object().expect("paths");
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().expect("methods").keys();
                methods.map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
            })
            .collect();
        let expected = ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned()));
        assert_eq!(described, expected.collect());
        // What is described is there: without a token each answers something else than "not found here".
        for (method, path) in ROUTES {
            let path = path.replace("{id}", "nothing");
            let answer = system.anyone().send(&method.to_uppercase(), &path, None, Vec::new());
            assert!(answer.code() != "not-found" && answer.status != 405, "{method} {path}: {}", answer.text());
        }
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        let text = document.to_string();
        for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(schemas.contains_key(name), "{name}");
        }
    }

    fn the_pages_need_no_token_and_load_nothing_from_elsewhere(system: &System) {
        for path in ["/docs", "/docs/errors"] {
            let page = system.anyone().get(path);
            assert_eq!((page.status, page.header("x-content-type-options")), (200, "nosniff"));
            assert!(page.header("content-type").starts_with("text/html"));
            assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
            let text = page.text();
            assert!(!text.contains("src=\"http") && !text.contains("href=\"http") && !text.contains("//cdn"), "{path}");
        }
    }

    fn every_code_that_a_refusal_shows_is_explained(system: &System) {
        let page = system.anyone().get("/docs/errors").text();
        for answer in [
            system.anyone().get("/v1/keys"),
            system.anyone().get("/v1/nothing"),
            system.anyone().send("PATCH", "/v1/keys", None, Vec::new()),
            system.rest("nobody").get("/v1/keys"),
            system.rest("backend").get("/v1/keys/nothing"),
            system.rest("backend").send("POST", "/v1/random", None, Vec::new()),
        ] {
            answer.is_problem();
            assert!(page.contains(&format!("id=\"{}\"", answer.code())), "{} is not explained", answer.code());
        }
        let codes: Vec<&str> = page.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "a code stands twice");
        assert!(codes.len() > 30, "{codes:?}");
    }
}
