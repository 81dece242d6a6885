//! The full table of roles and routes: what it does not grant is refused, and the refusal is in the log.

use km_tests::identities::DEMO;
use km_tests::{System, on_both};

use crate::routes::{Keys, May, Route, routes};

/// Every role, a token without any, and one with foreign roles only.
const CALLERS: [&str; 7] = ["backend", "caseworker", "officer", "auditor", "operator", "nobody", "stranger"];

fn call(system: &System, route: &Route, who: Option<&str>) -> km_tests::Answer {
    let client = route.client(system, DEMO);
    let client = match who {
        Some(who) => client.with_token(system.token(who)),
        None => client,
    };
    let body = route.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default();
    client.send(route.method, &route.path, route.body.as_ref().map(|_| "application/json"), body)
}

on_both! {
    fn each_role_may_what_the_table_says_and_nothing_else(system: &System) {
        let keys = Keys::make(system);
        let mut faults = Vec::new();
        for who in CALLERS {
            for route in routes(&keys) {
                let granted = match route.may {
                    May::Everyone | May::AnyToken => true,
                    May::Roles(roles) => roles.contains(&who),
                };
                let end = system.log_end();
                let answer = call(system, &route, Some(who));
                let refused = answer.code() == "role-missing";
                if granted == refused || (refused && answer.status != 403) {
                    faults.push(format!("{who} {} {}: {} {}", route.method, route.path, answer.status, answer.text()));
                }
                if refused && !answer_is_recorded(system, end, &answer.request_id) {
                    faults.push(format!("{who} {} {}: the refusal is not in the log", route.method, route.path));
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    fn without_a_token_only_the_public_routes_answer(system: &System) {
        let keys = Keys::make(system);
        for route in routes(&keys) {
            let answer = call(system, &route, None);
            if route.may == May::Everyone {
                assert_ne!(answer.code(), "token-missing", "{} {}", route.method, route.path);
            } else {
                assert_eq!((answer.status, answer.code()), (401, "token-missing"), "{} {}", route.method, route.path);
                answer.is_problem();
            }
        }
    }

    /// The table grants a route to somebody, and that somebody is served: otherwise a closed door would pass for a good one.
    fn who_may_is_served(system: &System) {
        let keys = Keys::make(system);
        // Bodies that cannot be good for lack of a thing to name.
        let refused_for_its_body = ["/v1/me/keys", "/v1/enrol", "/v1/exports/{id}", "/v1/officer/enrolments/{id}/approve", "/v1/officer/certificates/{serial}/revoke",
            "/v1/officer/mosip/aliases", "/v1/officer/mosip/authorities", "/v1/officer/mosip/partners", "/v1/officer/mosip/aliases/{id}/prove",
            "/v1/officer/mosip/random-keys"];
        for route in routes(&keys) {
            let who = match route.may {
                May::Roles(roles) => roles[0],
                May::Everyone | May::AnyToken => "nobody",
            };
            let answer = call(system, &route, Some(who));
            let served = (200..300).contains(&answer.status);
            let excused = route.method == "POST" || route.pattern.contains('{');
            if !(excused && refused_for_its_body.contains(&route.pattern)) {
                assert!(served, "{who} {} {}: {} {}", route.method, route.path, answer.status, answer.text());
            }
        }
    }

    /// A key serves the roles on its own list, whatever the role table grants.
    fn a_key_serves_its_own_roles_only(system: &System) {
        let key = system.key_for("sign", "P-256", &["sealkeep-auditor"]);
        let verify = serde_json::json!({"message": "AAAA", "signature": "AAAA"});
        let path = format!("/v1/keys/{key}/verify");
        system.rest("auditor").post(&path, verify.clone()).good();
        for who in ["backend", "caseworker"] {
            system.rest(who).post(&path, verify.clone()).refused(404, "key-not-found");
        }
        let sign = serde_json::json!({"message": "AAAA"});
        system.rest("auditor").post(&format!("/v1/keys/{key}/sign"), sign.clone()).refused(403, "role-missing");
        system.rest("backend").post(&format!("/v1/keys/{key}/sign"), sign).refused(404, "key-not-found");
    }
}

fn answer_is_recorded(system: &System, end: u64, request_id: &str) -> bool {
    let events = system.events_of(end, request_id).0;
    events.iter().any(|event| event["outcome"] == "refused" && event["reason"] == "role-missing")
}
