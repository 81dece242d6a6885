//! From a bearer token to a caller: what is no token of a trusted issuer opens nothing.

use std::process::Command;
use std::time::Duration;

use km_test_support::wait_until;
use km_tests::forged::{jws, read};
use km_tests::openssl::make_key;
use km_tests::{Answer, Options, System, base64url, now, on_both, on_each};
use serde_json::{Value, json};

const PATH: &str = "/v1/keys";

/// A refusal that the log keeps.
fn refused_and_recorded(system: &System, what: &str, token: &str) -> Answer {
    let end = system.log_end();
    let answer = system.anyone().with_token(token).get(PATH);
    assert_eq!((answer.status, answer.code()), (401, "token-invalid"), "{what}: {}", answer.text());
    assert_eq!(answer.header("www-authenticate"), "Bearer", "{what}");
    answer.is_problem();
    let event = system.events_of(end, &answer.request_id).is("access.refused", "refused", "token-invalid").clone();
    assert_eq!(event["actor"]["kind"], "unknown", "{what}");
    assert!(!answer.text().contains(token), "{what}: the answer repeats the token");
    answer
}

on_both! {
    fn without_a_token_nothing_is_answered_and_nothing_recorded(system: &System) {
        let end = system.log_end();
        let answer = system.anyone().get(PATH).refused(401, "token-missing");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(system.events_of(end, &answer.request_id).0.is_empty(), "anybody could fill the log");
    }

    fn a_token_must_be_of_the_issuer_for_us_and_for_now(system: &System) {
        let at = now().seconds();
        let forged = |header: Value, claims: Value| system.forged_token("backend", &header, &claims);
        // The forger itself makes good tokens: otherwise none of the refusals would prove anything.
        system.anyone().with_token(forged(json!({}), json!({}))).get(PATH).good();
        for (what, header, claims) in [
            ("expired", json!({}), json!({"iat": at - 4000, "exp": at - 31})),
            ("of the future", json!({}), json!({"iat": at + 600, "exp": at + 900})),
            ("not before later", json!({}), json!({"nbf": at + 600})),
            ("without an end", json!({}), json!({"exp": null})),
            ("for somebody else", json!({}), json!({"aud": "another-service"})),
            ("for nobody", json!({}), json!({"aud": null})),
            ("of another issuer", json!({}), json!({"iss": "https://issuer.invalid"})),
            ("of no issuer", json!({}), json!({"iss": null})),
            ("of no tenant", json!({}), json!({"tenant": null})),
            ("of a tenant that is no name", json!({}), json!({"tenant": "../system"})),
            ("of many tenants", json!({}), json!({"tenant": ["demo", "other"]})),
            ("of nobody", json!({}), json!({"sub": null})),
            ("with roles that are no list", json!({}), json!({"realm_access": {"roles": "sealkeep-backend"}})),
            ("an id token", json!({}), json!({"typ": "ID"})),
            ("a logout token", json!({"typ": "logout+jwt"}), json!({})),
            ("with a critical header", json!({"crit": ["exp"]}), json!({})),
            ("with an unencoded payload", json!({"b64": false}), json!({})),
            ("with a key id that is not there", json!({"kid": "nothing"}), json!({})),
            ("of algorithm none", json!({"alg": "none"}), json!({})),
            ("of a symmetric algorithm", json!({"alg": "HS256"}), json!({})),
            ("of an algorithm that is not accepted", json!({"alg": "RS256"}), json!({})),
        ] {
            refused_and_recorded(system, what, &forged(header, claims));
        }
    }

    fn a_token_signed_by_another_key_or_changed_is_refused(system: &System) {
        let good = system.token("backend");
        let (header, claims) = read(&good);
        let foreign = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
        make_key(&foreign);
        refused_and_recorded(system, "another key", &jws(&foreign, &header, claims.to_string().as_bytes()));
        let parts: Vec<&str> = good.split('.').collect();
        let mut more = claims.clone();
        more["realm_access"]["roles"] = json!(["sealkeep-officer", "sealkeep-auditor"]);
        refused_and_recorded(system, "more roles", &[parts[0], &base64url(more.to_string()), parts[2]].join("."));
        let none = base64url(json!({"alg": "none", "typ": "at+jwt"}).to_string());
        refused_and_recorded(system, "no signature", &format!("{none}.{}.", parts[1]));
        refused_and_recorded(system, "two parts", &parts[..2].join("."));
        refused_and_recorded(system, "no token", "AAAA");
        refused_and_recorded(system, "a very long one", &"A".repeat(6000));
    }

    fn a_request_id_and_a_trace_run_into_the_event(system: &System) {
        let (key, backend) = (system.key("mac", "HMAC-SHA-256"), system.rest("backend"));
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let backend = backend.with_header("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"));
        let end = system.log_end();
        let answer = backend.post(&format!("/v1/keys/{key}/mac"), json!({"message": "AAAA"}));
        assert_eq!(system.events_of(end, &answer.request_id).is("crypto.mac", "done", "")["trace_id"], trace);
        assert_eq!(answer.header("x-request-id"), answer.request_id);
    }
}

on_each! {
    /// Keys rotate: a key id that is not known is asked for once.
    fn a_new_key_of_the_issuer_is_found(database: Database) {
        let system = System::start(database, Options::default());
        let old = system.rest("backend");
        old.get(PATH).good();
        let (before, _) = read(old.token());
        Command::new("kill").arg("-HUP").arg(system.process_id("issuer").to_string()).status().expect("kill");
        let fresh = || read(&system.fresh_token("backend")).0["kid"] != before["kid"];
        assert!(wait_until(Duration::from_secs(10), fresh), "the issuer has a new key");
        // The key manager may have asked for this issuer's keys a moment ago: then it asks again a little later.
        let taken = || system.anyone().with_token(system.fresh_token("backend")).get(PATH).status == 200;
        assert!(wait_until(Duration::from_secs(40), taken), "the new key is not taken");
        old.get(PATH).good();
    }
}
