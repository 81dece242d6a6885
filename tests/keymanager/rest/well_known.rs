//! `GET /.well-known/jwks.json`

use km_client::ServiceKeys;
use km_tests::openssl::{openssl, public_pem};
use km_tests::system::der_of;
use km_tests::{now, on_both};
use serde_json::Value;

on_both! {
    fn the_set_holds_public_parts_only_of_the_tenant_asked_for(system: &System) {
        let key = system.key("sign", "P-384");
        system.key("encrypt", "AES-256");
        let set = |query: &str| {
            let answer = system.anyone().get(&format!("/.well-known/jwks.json{query}"));
            assert_eq!(answer.header("cache-control"), "public, max-age=60");
            answer.good()["keys"].as_array().expect("keys").clone()
        };
        let ours = set("?tenant=demo");
        for jwk in &ours {
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert!(jwk.get(private).is_none(), "{jwk:#}");
            }
            assert!(jwk["tenant"] == "demo" || jwk["tenant"] == "system", "{jwk:#}");
        }
        let has = |keys: &[Value], kid: &str| keys.iter().any(|jwk| jwk["kid"] == kid);
        assert!(has(&ours, &format!("{key}.1")) && !has(&set("?tenant=other"), &format!("{key}.1")));
        assert!(has(&set(""), &format!("{key}.1")));
        system.anyone().get("/.well-known/jwks.json?tenant=A%20B").refused(400, "malformed-request");
        system.anyone().get("/.well-known/jwks.json?user=demo").refused(400, "malformed-request");
    }

    /// What a client does before it encrypts anything: the chain to the pinned root, with stock openssl and with ours.
    fn ingest_and_answer_keys_lead_to_the_business_root_and_to_no_other(system: &System) {
        let set = system.anyone().get("/.well-known/jwks.json?tenant=demo");
        let keys = set.clone().good()["keys"].as_array().expect("keys").clone();
        let mut seen = Vec::new();
        for jwk in keys.iter().filter(|jwk| jwk["purpose"] == "ingest" || jwk["purpose"] == "answer") {
            let chain = jwk["x5c"].as_array().expect("a chain");
            let pem = chain.iter().filter_map(Value::as_str).map(|der| {
                format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n")
            });
            let file = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
            std::fs::write(&file, pem.collect::<String>()).expect("a file");
            let verify = "verify -no-CApath -no-CAstore -CAfile";
            openssl(verify, &[&system.public("business-root.pem"), &file]).good();
            openssl(verify, &[&system.public("ca.pem"), &file]).bad();
            let shown = openssl("x509 -noout -pubkey -subject -in", &[&file]).good().output;
            let inside: String = public_pem(jwk).lines().filter(|line| !line.starts_with("--")).collect();
            let outside: String = shown.lines().filter(|line| !line.contains(' ')).collect();
            assert_eq!(inside, outside, "the certificate is for this very key");
            assert!(shown.contains(jwk["kid"].as_str().expect("a kid")), "{shown}");
            seen.push((jwk["purpose"].clone(), jwk["use"].clone()));
        }
        assert!(seen.contains(&("ingest".into(), "enc".into())) && seen.contains(&("answer".into(), "sig".into())), "{seen:?}");

        let tenant = "demo".parse().expect("a tenant");
        let business = der_of(&system.public("business-root.pem"));
        assert!(ServiceKeys::from_jwks(&set.bytes, &tenant, &business, now()).is_ok());
        for root in ["ca.pem", "evidence-root.pem"] {
            assert!(ServiceKeys::from_jwks(&set.bytes, &tenant, &der_of(&system.public(root)), now()).is_err(), "{root}");
        }
        let other = "other".parse().expect("a tenant");
        assert!(ServiceKeys::from_jwks(&set.bytes, &other, &business, now()).is_err(), "keys of another tenant");
    }

    /// Whoever stands between swaps a key: the client notices.
    fn a_swapped_ingest_key_is_not_taken(system: &System) {
        let ours = system.anyone().get("/.well-known/jwks.json?tenant=demo").good();
        let theirs = system.anyone().get("/.well-known/jwks.json?tenant=other").good();
        let ingest = |set: &Value| {
            set["keys"].as_array().expect("keys").iter().find(|jwk| jwk["purpose"] == "ingest").expect("an ingest key").clone()
        };
        let (mine, foreign) = (ingest(&ours), ingest(&theirs));
        let tenant = "demo".parse().expect("a tenant");
        let business = der_of(&system.public("business-root.pem"));
        let taken = |jwk: Value| {
            let set = serde_json::json!({"keys": [jwk]}).to_string();
            ServiceKeys::from_jwks(set.as_bytes(), &tenant, &business, now()).is_ok()
        };
        assert!(taken(mine.clone()));
        let mut point = mine.clone();
        (point["x"], point["y"]) = (foreign["x"].clone(), foreign["y"].clone());
        let mut renamed = foreign.clone();
        (renamed["kid"], renamed["tenant"]) = (mine["kid"].clone(), mine["tenant"].clone());
        let mut bare = mine.clone();
        bare.as_object_mut().expect("an object").remove("x5c");
        let mut answer_key = mine;
        answer_key["purpose"] = "answer".into();
        for (what, jwk) in [("another point", point), ("no chain", bare), ("an answer key", answer_key)] {
            assert!(!taken(jwk), "{what}");
        }
        // The name in the certificate is the key's, and tells tenants apart only if no two tenants share it.
        if mine_and_foreign_names_differ(&renamed, &foreign) {
            assert!(!taken(renamed), "another tenant's key under our key's name");
        }
    }
}

fn mine_and_foreign_names_differ(renamed: &Value, foreign: &Value) -> bool {
    renamed["kid"] != foreign["kid"]
}
