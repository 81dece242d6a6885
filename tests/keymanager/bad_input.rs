//! What is not a request is refused with a problem document that names field and rule and repeats no value; nothing of it
//! reaches a log.

use std::time::Duration;

use km_test_support::wait_until;
use km_tests::identities::DEMO;
use km_tests::seed::seed;
use km_tests::{Answer, System, on_both};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::routes::{Door, Keys, OFFICER, Route, routes};

/// Stands in every bad value and in no answer and no log.
const CANARY: &str = "Oyelaran canary 7316";

/// Members that any printable text is good for.
const FREE: [(&str, &str); 1] = [("/v1/officer/mosip/policies", "application")];

fn send(system: &System, route: &Route, content_type: Option<&str>, body: Vec<u8>) -> Answer {
    let who = match route.may {
        crate::routes::May::Roles(roles) => roles[0],
        _ => "backend",
    };
    let who = if route.door == Door::Officer { OFFICER } else { who };
    route.client(system, DEMO).with_token(system.token(who)).send(route.method, &route.path, content_type, body)
}

/// A 4xx problem without the canary.
fn is_refused(what: &str, route: &Route, answer: &Answer) {
    let place = format!("{what}: {} {}: {} {}", route.method, route.path, answer.status, answer.text());
    assert!((400..500).contains(&answer.status), "{place}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{place}");
    assert!(!answer.text().contains("canary"), "{place}");
    assert!(!format!("{:?}", answer.headers).contains("canary"), "{place}");
}

fn with_bodies(system: &System) -> Vec<Route> {
    let taken = |route: &Route| route.body.is_some() && !route.pattern.ends_with("/revoke");
    routes(&Keys::make(system)).into_iter().filter(taken).collect()
}

/// The body with something done to its text.
fn bad_bodies(good: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let text = good.to_string();
    let members = text.trim_start_matches('{').trim_end_matches('}');
    let comma = if members.is_empty() { "" } else { "," };
    let more = |member: &str| format!("{{{members}{comma}{member}}}").into_bytes();
    let deep = |levels: usize| more(&format!("\"{CANARY}\":{}1{}", "[".repeat(levels), "]".repeat(levels)));
    let first = members.split(',').next().unwrap_or_default();
    let mut bad = vec![
        ("nothing", Vec::new()),
        ("no JSON", CANARY.as_bytes().to_vec()),
        ("a text", format!("\"{CANARY}\"").into_bytes()),
        ("null", b"null".to_vec()),
        ("a number", b"7316".to_vec()),
        ("a list", format!("[{text},\"{CANARY}\"]").into_bytes()),
        ("cut off", text.as_bytes()[..text.len() - 1].to_vec()),
        ("something after it", format!("{text} {CANARY}").into_bytes()),
        ("two objects", format!("{text}{text}").into_bytes()),
        ("invalid UTF-8 in a name", more(&format!("\"{CANARY}")).into_iter().chain(*b"\xff\":1}").collect()),
        ("invalid UTF-8 after it", [text.as_bytes(), b"\xc3\x28"].concat()),
        ("a lone surrogate", more(&format!("\"{CANARY}\\ud800\":1"))),
        ("a byte order mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("an unknown member", more(&format!("\"{CANARY}\":\"{CANARY}\""))),
        ("a plainly named unknown member", more(&format!("\"extra\":\"{CANARY}\""))),
        ("40 levels", deep(40)),
        ("100,000 levels", deep(100_000)),
        ("a number without end", more(&format!("\"extra\":{}", "9".repeat(5000)))),
        ("a comment", more(&format!("/* {CANARY} */"))),
    ];
    if !first.is_empty() {
        bad.push(("a member twice", more(first)));
        bad.push(("a member twice, one escaped", more(&escaped(first))));
    }
    bad
}

/// A member with the first letter of its name spelled `\uXXXX`: the same name to a JSON reader.
fn escaped(member: &str) -> String {
    let name = member.trim_start_matches('"');
    let letter = name.chars().next().expect("a name");
    format!("\"\\u{:04x}{}", u32::from(letter), &name[letter.len_utf8()..])
}

/// The body with one member of another kind.
fn wrong_kinds(good: &Value) -> Vec<(String, Value)> {
    let members = good.as_object().expect("an object");
    let mut bad = Vec::new();
    for name in members.keys() {
        for value in [json!({CANARY: CANARY}), json!([CANARY]), json!(true), json!(1e300), json!(format!("{CANARY} !"))]
        {
            let mut body = good.clone();
            body[name] = value;
            if body != *good {
                bad.push((name.clone(), body));
            }
        }
    }
    bad
}

on_both! {
    fn a_body_that_is_none_is_refused_everywhere(system: &System) {
        for route in with_bodies(system) {
            let good = route.body.as_ref().expect("a body");
            for (what, body) in bad_bodies(good) {
                let answer = send(system, &route, Some("application/json"), body);
                is_refused(what, &route, &answer);
                assert_eq!(answer.status, 400, "{what} {}", answer.text());
                assert!(answer.body["rule"].is_string(), "{what}: {}", answer.text());
            }
        }
    }

    fn a_member_of_another_kind_is_named(system: &System) {
        for route in with_bodies(system) {
            for (name, body) in wrong_kinds(route.body.as_ref().expect("a body")) {
                if FREE.contains(&(route.pattern, &name)) && body[&name].is_string() {
                    continue;
                }
                let answer = send(system, &route, Some("application/json"), body.to_string().into_bytes());
                is_refused(&name, &route, &answer);
            }
            // Every member that the body has is needed, or may be left out; null is like leaving it out.
            for name in route.body.as_ref().expect("a body").as_object().expect("an object").keys() {
                let mut body = route.body.clone().expect("a body");
                body.as_object_mut().expect("an object").remove(name);
                let answer = send(system, &route, Some("application/json"), body.to_string().into_bytes());
                if answer.status >= 400 {
                    is_refused(name, &route, &answer);
                    if answer.code() == "malformed-body" {
                        assert_eq!((&answer.body["field"], &answer.body["rule"]), (&json!(name), &json!("is required")), "{}", answer.text());
                    }
                }
            }
        }
    }

    fn what_is_no_base64_is_named_and_not_repeated(system: &System) {
        for route in with_bodies(system) {
            for name in route.binary {
                for bad in [format!("{CANARY}!"), "A".into(), "AAA*".into(), "AA==A".into(), "AAAA\n".into(), "A A A".into(), "äöü".into()] {
                    let mut body = route.body.clone().expect("a body");
                    body[name] = json!(bad);
                    for (body, field) in [(body.clone(), (*name).to_owned()), (json!({"items": [body]}), format!("items[0].{name}"))] {
                        if route.pattern == "/v1/enrol" && body.get("items").is_some() {
                            continue;
                        }
                        let answer = send(system, &route, Some("application/json"), body.to_string().into_bytes());
                        is_refused(&bad, &route, &answer);
                        assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{bad:?} {}: {}", route.path, answer.text());
                    }
                }
            }
        }
    }

    fn only_json_is_read_and_only_plainly(system: &System) {
        for route in with_bodies(system) {
            let body = route.body.as_ref().expect("a body").to_string().into_bytes();
            for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/json+canary"), Some("canary")] {
                let answer = if content_type.is_none() {
                    send(system, &route, None, Vec::new())
                } else {
                    send(system, &route, content_type, body.clone())
                };
                is_refused("content type", &route, &answer);
                assert_eq!(answer.status, 415, "{content_type:?} {}: {}", route.path, answer.text());
            }
            let who = if route.door == Door::Officer { OFFICER } else { "backend" };
            let coded = route.client(system, DEMO).with_token(system.token(who)).with_header("content-encoding", "gzip");
            let answer = coded.send(route.method, &route.path, Some("application/json"), body);
            assert_eq!(answer.status, 415, "{}", answer.text());
        }
    }

    fn a_body_over_the_limit_is_refused_before_it_is_read(system: &System) {
        let limit = system.options.max_body;
        for route in with_bodies(system) {
            let answer = send(system, &route, Some("application/json"), vec![b' '; limit + 1]);
            is_refused("too large", &route, &answer);
            assert_eq!((answer.status, answer.code()), (413, "body-too-large"), "{}", answer.text());
        }
        let key = system.key("encrypt", "AES-256");
        let mut body = json!({"plaintext": "AAAA"}).to_string().into_bytes();
        body.resize(limit, b' ');
        let path = format!("/v1/keys/{key}/encrypt");
        system.rest("backend").send("POST", &path, Some("application/json"), body).good();
    }

    fn paths_queries_and_methods_that_are_none_are_refused(system: &System) {
        let backend = system.rest("backend");
        let long = format!("/v1/keys/{}", "a".repeat(4000));
        for path in ["/", "/v2/keys", "/v1/keys/", "/v1/keys/a/b/c", "/v1/keys/%ff", "/v1/keys/..%2f..%2fcanary", "/v1/keys/canary%00", &long] {
            let answer = backend.get(path);
            assert!(answer.status == 404 || answer.status == 400, "{path}: {}", answer.text());
            answer.is_problem();
            assert!(!answer.text().contains("canary"));
        }
        for (method, path) in [("DELETE", "/v1/keys"), ("PUT", "/v1/random"), ("GET", "/v1/random"), ("PATCH", "/v1/me/keys"), ("POST", "/v1/keys")] {
            let answer = backend.send(method, path, None, Vec::new());
            assert!(answer.status == 405 || answer.status == 404, "{method} {path}: {}", answer.text());
            answer.is_problem();
        }
    }

    /// Random changes of good bodies and random bytes: an answer every time, and never one of 5xx.
    fn no_body_makes_the_service_fail(system: &System) {
        let routes = with_bodies(system);
        let seed = seed("no_body_makes_the_service_fail");
        let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let change = prop_oneof![
            (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
            any::<usize>().prop_map(Change::Cut),
            (any::<usize>(), vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
            vec(any::<u8>(), 0..200).prop_map(Change::Everything),
            Just(Change::Nothing),
        ];
        let case = (0..routes.len(), vec(change, 1..4));
        let done = runner.run(&case, |(at, changes)| {
            let route = &routes[at];
            let mut body = route.body.as_ref().expect("a body").to_string().into_bytes();
            changes.iter().for_each(|change| change.apply(&mut body));
            let answer = send(system, route, Some("application/json"), body);
            proptest::prop_assert!(answer.status < 500, "{} {}: {}", route.path, answer.status, answer.text());
            Ok(())
        });
        done.unwrap_or_else(|error| panic!("{error}"));
    }

    fn nothing_of_it_stands_in_the_services_log(system: &System) {
        let (key, backend) = (system.key("encrypt", "AES-256"), system.rest("backend"));
        let path = format!("/v1/keys/{key}/encrypt");
        for body in [json!({"plaintext": format!("{CANARY}!")}), json!({CANARY: 1, "plaintext": "AAAA"}), json!({"plaintext": CANARY})] {
            backend.post(&path, body);
        }
        backend.get(&format!("/v1/keys?x={CANARY}")).good();
        // What is refused leaves a line.
        let last = backend.get(&format!("/v1/keys/{CANARY}")).refused(404, "key-not-found");
        assert!(wait_until(Duration::from_secs(10), || system.log_of("keymanager").contains(&last.request_id)));
        assert!(!system.log_of("keymanager").contains("canary"));
    }
}

/// What is done to a good body.
#[derive(Debug, Clone)]
enum Change {
    Replace(usize, u8),
    Cut(usize),
    Insert(usize, Vec<u8>),
    Everything(Vec<u8>),
    Nothing,
}

impl Change {
    fn apply(&self, body: &mut Vec<u8>) {
        match self {
            Self::Replace(at, byte) if !body.is_empty() => {
                let at = at % body.len();
                body[at] = *byte;
            }
            Self::Cut(at) => body.truncate(at % (body.len() + 1)),
            Self::Insert(at, bytes) => {
                let at = at % (body.len() + 1);
                body.splice(at..at, bytes.iter().copied());
            }
            Self::Everything(bytes) => body.clone_from(bytes),
            Self::Replace(..) | Self::Nothing => {}
        }
    }
}
