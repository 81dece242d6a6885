//! Every route of the key manager's HTTP doors with a body that is good: the ground of the tables of roles, tenants and bad
//! input. That none is forgotten is a test of its own.

use std::collections::BTreeSet;
use std::path::Path;

use km_tests::identities::DEMO;
use km_tests::{Client, System, on_both};
use serde_json::{Value, json};

/// Which listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Rest,
    Officer,
}

pub const BACKEND: &str = "backend";
pub const CASEWORKER: &str = "caseworker";
pub const OFFICER: &str = "officer";
pub const AUDITOR: &str = "auditor";
pub const OPERATOR: &str = "operator";

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Nobody needs a token.
    Everyone,
    /// Every token of a trusted issuer, whatever its roles.
    AnyToken,
    Roles(&'static [&'static str]),
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    pub door: Door,
    pub method: &'static str,
    /// As the documentation writes it.
    pub pattern: &'static str,
    pub path: String,
    pub body: Option<Value>,
    pub may: May,
    /// Members of the body that hold base64.
    pub binary: &'static [&'static str],
}

/// Keys that the table's bodies name; every role may use them, so that only the role decides about a route.
pub struct Keys {
    encrypt: String,
    sign: String,
    mac: String,
    ciphertext: Value,
    signature: Value,
    wrapped: Value,
}

impl Keys {
    pub fn make(system: &System) -> Self {
        let all =
            ["sealkeep-backend", "sealkeep-caseworker", "sealkeep-officer", "sealkeep-auditor", "sealkeep-operator"];
        let [encrypt, sign, mac] = [("encrypt", "AES-256"), ("sign", "P-256"), ("mac", "HMAC-SHA-256")]
            .map(|(purpose, kind)| system.key_for(purpose, kind, &all));
        let backend = system.rest(BACKEND);
        let made = |path: String, body: Value, member: &str| backend.post(&path, body).good()[member].clone();
        Self {
            ciphertext: made(format!("/v1/keys/{encrypt}/encrypt"), json!({"plaintext": "AAAA"}), "ciphertext"),
            signature: made(format!("/v1/keys/{sign}/sign"), json!({"message": "AAAA"}), "signature"),
            wrapped: made("/v1/datakeys".into(), json!({"key": encrypt}), "wrapped"),
            encrypt,
            sign,
            mac,
        }
    }
}

/// The table.
pub fn routes(keys: &Keys) -> Vec<Route> {
    use Door::{Officer, Rest};
    use May::{AnyToken, Everyone, Roles};
    let Keys { encrypt, sign, mac, ciphertext, signature, wrapped } = keys;
    let holders: &'static [&'static str] = &[BACKEND, CASEWORKER, OFFICER, AUDITOR];
    let inventory: &'static [&'static str] = &[BACKEND, OFFICER, AUDITOR, OPERATOR];
    let key_path = |operation: &str| match operation {
        "sign" | "verify" => format!("/v1/keys/{sign}/{operation}"),
        "mac" => format!("/v1/keys/{mac}/{operation}"),
        _ => format!("/v1/keys/{encrypt}/{operation}"),
    };
    let route = |door, method, pattern, path: String, body, may, binary| Route {
        door,
        method,
        pattern,
        path,
        body,
        may,
        binary,
    };
    let get = |pattern: &'static str, path: &str, may| route(Rest, "GET", pattern, path.to_owned(), None, may, &[]);
    let post = |pattern: &'static str, path: String, body, may, binary| {
        route(Rest, "POST", pattern, path, Some(body), may, binary)
    };
    let officer = |pattern: &'static str, path: &str, body| {
        route(Officer, "POST", pattern, path.to_owned(), Some(body), Roles(&[OFFICER]), &[])
    };
    let new_key = json!({"id": km_tests::system::new_key_id(), "purpose": "mac", "algorithm": "HMAC-SHA-256", "allow": ["sealkeep-backend"]});
    vec![
        get("/.well-known/jwks.json", "/.well-known/jwks.json", Everyone),
        get("/openapi.json", "/openapi.json", Everyone),
        get("/docs", "/docs", Everyone),
        get("/docs/errors", "/docs/errors", Everyone),
        get("/v1/keys", "/v1/keys", Roles(inventory)),
        get("/v1/keys/{id}", &format!("/v1/keys/{sign}"), Roles(inventory)),
        post(
            "/v1/keys/{id}/encrypt",
            key_path("encrypt"),
            json!({"plaintext": "AAAA", "context": "AAAA"}),
            Roles(&[BACKEND]),
            &["plaintext", "context"],
        ),
        post(
            "/v1/keys/{id}/decrypt",
            key_path("decrypt"),
            json!({"ciphertext": ciphertext}),
            Roles(&[BACKEND]),
            &["ciphertext"],
        ),
        post(
            "/v1/keys/{id}/rewrap",
            key_path("rewrap"),
            json!({"ciphertext": ciphertext}),
            Roles(&[BACKEND]),
            &["ciphertext"],
        ),
        post("/v1/keys/{id}/sign", key_path("sign"), json!({"message": "AAAA"}), Roles(&[BACKEND]), &["message"]),
        post(
            "/v1/keys/{id}/verify",
            key_path("verify"),
            json!({"message": "AAAA", "signature": signature}),
            Roles(holders),
            &["message", "signature"],
        ),
        post("/v1/keys/{id}/mac", key_path("mac"), json!({"message": "AAAA"}), Roles(&[BACKEND]), &["message"]),
        post(
            "/v1/datakeys",
            "/v1/datakeys".into(),
            json!({"key": encrypt, "context": "AAAA"}),
            Roles(&[BACKEND]),
            &["context"],
        ),
        post(
            "/v1/datakeys/unwrap",
            "/v1/datakeys/unwrap".into(),
            json!({"wrapped": wrapped}),
            Roles(&[BACKEND]),
            &["wrapped"],
        ),
        post("/v1/random", "/v1/random".into(), json!({"length": 8}), Roles(&[BACKEND]), &[]),
        // A proof that is none: who may enrol is told so, who may not is told that.
        post("/v1/me/keys", "/v1/me/keys".into(), json!({"jwk": {}, "proof": "AAAA"}), Roles(holders), &[]),
        get("/v1/me/keys", "/v1/me/keys", Roles(holders)),
        post("/v1/enrol", "/v1/enrol".into(), json!({"token": "AAAA", "csr": "AAAA"}), Everyone, &["csr"]),
        post(
            "/v1/exports",
            "/v1/exports".into(),
            json!({"purpose": "audit", "from": 0, "to": 1}),
            Roles(&[AUDITOR]),
            &[],
        ),
        get("/v1/exports/{id}", "/v1/exports/nothing", Roles(&[AUDITOR])),
        get("/v1/log/checkpoint", "/v1/log/checkpoint", AnyToken),
        get("/v1/log/events", "/v1/log/events?limit=1", Roles(&[AUDITOR, OFFICER])),
        get("/v1/log/proof", "/v1/log/proof?from=0&to=1", AnyToken),
        officer("/v1/officer/keys", "/v1/officer/keys", new_key),
        officer("/v1/officer/keys/{id}/rotate", &format!("/v1/officer/keys/{mac}/rotate"), json!({})),
        route(Officer, "GET", "/v1/officer/enrolments", "/v1/officer/enrolments".into(), None, Roles(&[OFFICER]), &[]),
        officer("/v1/officer/enrolments/{id}/approve", "/v1/officer/enrolments/nothing/approve", json!({})),
        route(Officer, "GET", "/v1/officer/rewrap", "/v1/officer/rewrap".into(), None, Roles(inventory), &[]),
        officer("/v1/officer/certificates/{serial}/revoke", "/v1/officer/certificates/00/revoke", json!({})),
        officer("/v1/officer/tenants", "/v1/officer/tenants", json!({"name": DEMO})),
        route(Officer, "GET", "/v1/officer/mosip", "/v1/officer/mosip".into(), None, Roles(&[OFFICER]), &[]),
        route(
            Officer,
            "POST",
            "/v1/officer/mosip/transport-key",
            "/v1/officer/mosip/transport-key".into(),
            None,
            Roles(&[OFFICER]),
            &[],
        ),
        officer(
            "/v1/officer/mosip/policies",
            "/v1/officer/mosip/policies",
            json!({"application": "TESTS", "valid_days": 1095, "early_days": 60, "is_active": true, "access": "NA"}),
        ),
        // A key without a certificate is none that anybody moves in.
        officer(
            "/v1/officer/mosip/aliases",
            "/v1/officer/mosip/aliases",
            json!({"id": "nothing", "application": "TESTS", "reference": "", "generated": "2026-01-01T00:00:00Z", "expires": "2026-01-01T00:00:00Z"}),
        ),
        officer(
            "/v1/officer/mosip/authorities",
            "/v1/officer/mosip/authorities",
            json!({"id": "nothing", "domain": "AUTH", "certificate": "AAAA", "created": "2026-01-01T00:00:00Z"}),
        ),
        officer(
            "/v1/officer/mosip/partners",
            "/v1/officer/mosip/partners",
            json!({"id": "nothing", "domain": "AUTH", "organization": "x", "certificate": "AAAA", "issued": "AAAA", "created": "2026-01-01T00:00:00Z"}),
        ),
        route(
            Officer,
            "POST",
            "/v1/officer/mosip/random-keys/transfer",
            "/v1/officer/mosip/random-keys/transfer".into(),
            None,
            Roles(&[OFFICER]),
            &[],
        ),
        officer(
            "/v1/officer/mosip/random-keys",
            "/v1/officer/mosip/random-keys",
            json!({"keys": [{"number": 1, "key": "AAAA", "seals": false}]}),
        ),
        officer(
            "/v1/officer/mosip/aliases/{id}/prove",
            "/v1/officer/mosip/aliases/nothing/prove",
            json!({"challenge": "AAAA"}),
        ),
    ]
}

impl Route {
    /// The listener, without a token.
    pub fn client(&self, system: &System, tenant: &str) -> Client {
        match self.door {
            Door::Rest => system.anyone(),
            Door::Officer => system.at_officer_door(Some(system.certificate(tenant, "officer", "workstation").files())),
        }
    }
}

on_both! {
    /// The doors' sources are read for their routes: one that the table does not have is a fault.
    fn no_route_is_forgotten(system: &System) {
        let table: BTreeSet<(String, String)> =
            routes(&Keys::make(system)).iter().map(|route| (route.method.to_lowercase(), route.pattern.to_owned())).collect();
        let mut found = BTreeSet::new();
        for folder in ["rest", "rest/keys", "officer"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../keymanager-svc/src").join(folder);
            for file in std::fs::read_dir(folder).expect("the door's folder").flatten().filter(|file| file.path().is_file()) {
                let text = std::fs::read_to_string(file.path()).expect("a source");
                for line in text.lines().filter_map(|line| line.trim().strip_prefix("#[actix_web::")) {
                    let (method, rest) = line.split_once("(\"").expect("a route");
                    found.insert((method.to_owned(), rest.split('"').next().expect("a path").to_owned()));
                }
            }
        }
        assert!(found.len() > 20, "the doors were not found");
        assert!(found.is_subset(&table), "not in the table: {:?}", found.difference(&table));
        // Besides, the three pages that come from the shared library.
        assert_eq!(table.len() - found.len(), 3);
    }
}
