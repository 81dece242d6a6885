//! Bodies of the registry's routes: what is none is refused, and a personal field in clear is the worst of all.

use km_tests::people::{national_id, new_id};
use km_tests::{Answer, System, on_both};
use serde_json::{Value, json};

use crate::RECORDS;

const CANARY: &str = "Oyelaran-canary-7316";

/// Every route with a body: method, path, a body of the right shape.
fn routes() -> Vec<(&'static str, String, Value)> {
    let record = new_id();
    vec![
        ("PUT", format!("{RECORDS}/{record}"), json!({"jwe": "AAAA"})),
        (
            "POST",
            RECORDS.to_owned(),
            json!({"items": [{"jwe": "AAAA", "records": [{"record": record, "version": 1}]}]}),
        ),
        ("POST", format!("{RECORDS}/{record}/open"), json!({"request": "AAAA"})),
        ("POST", format!("{RECORDS}/open"), json!({"request": "AAAA"})),
        ("POST", format!("{RECORDS}/find"), json!({"request": "AAAA"})),
        ("DELETE", format!("{RECORDS}/{record}"), json!({"request": "AAAA"})),
    ]
}

fn send(system: &System, method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Answer {
    let client = system.registry("backend");
    let client = if method == "PUT" { client.with_header("if-none-match", "*") } else { client };
    client.send(method, path, content_type, body)
}

fn is_refused(what: &str, answer: &Answer) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
    answer.is_problem();
    assert!(!answer.text().contains("canary"), "{what}: {}", answer.text());
}

on_both! {
    fn what_is_no_body_is_refused_everywhere(system: &System) {
        for (method, path, good) in routes() {
            let text = good.to_string();
            let more = |member: &str| format!("{{{member},{}", &text[1..]).into_bytes();
            let first = text[1..].split(',').next().unwrap_or_default().trim_end_matches('}').to_owned();
            let twice = if first.contains('[') { "\"items\":[]".to_owned() } else { first };
            for (what, body) in [
                ("nothing", Vec::new()),
                ("no JSON", CANARY.as_bytes().to_vec()),
                ("a list", format!("[{text}]").into_bytes()),
                ("null", b"null".to_vec()),
                ("cut off", text.as_bytes()[..text.len() - 1].to_vec()),
                ("something after it", format!("{text}{CANARY}").into_bytes()),
                ("invalid UTF-8", [&more(&format!("\"{CANARY}")), b"\xff\":1}".as_slice()].concat()),
                ("an unknown member", more(&format!("\"{CANARY}\":\"{CANARY}\""))),
                ("a member twice", more(&twice)),
                ("deep", more(&format!("\"extra\":{}{}", "[".repeat(10_000), "]".repeat(10_000)))),
            ] {
                let answer = send(system, method, &path, Some("application/json"), body);
                is_refused(&format!("{what} {method} {path}"), &answer);
                assert_eq!(answer.status, 400, "{what} {method} {path}: {}", answer.text());
            }
            let answer = send(system, method, &path, Some("text/plain"), text.clone().into_bytes());
            is_refused("text", &answer);
            assert_eq!(answer.status, 415);
            let answer = send(system, method, &path, Some("application/json"), vec![b' '; system.options.max_body + 1]);
            is_refused("too large", &answer);
            assert_eq!((answer.status, answer.code()), (413, "body-too-large"));
        }
    }

    /// Whatever the route: a member named like a personal field is refused by its name and the value is not repeated.
    fn a_personal_field_in_clear_is_refused_as_such(system: &System) {
        for (method, path, good) in routes() {
            for field in ["national_id", "birth_date", "family_name"] {
                let mut body = good.clone();
                body[field] = json!(format!("{CANARY}{}", national_id()));
                let answer = send(system, method, &path, Some("application/json"), body.to_string().into_bytes());
                is_refused(field, &answer);
                assert_eq!(
                    (answer.status, answer.code()),
                    (422, "personal-in-clear"),
                    "{method} {path}: {}",
                    answer.text()
                );
                assert_eq!(answer.body["field"], field);
            }
        }
    }

    fn nothing_of_it_stands_in_the_registrys_log(system: &System) {
        for (method, path, good) in routes() {
            let mut body = good.clone();
            body["national_id"] = json!(CANARY);
            send(system, method, &path, Some("application/json"), body.to_string().into_bytes());
        }
        system.registry("backend").get(&format!("{RECORDS}?clear.admin_code={CANARY}"));
        // What is refused leaves a line.
        let last = system.registry("backend").get(&format!("{RECORDS}?{CANARY}=1"));
        assert!(last.status >= 400, "{}", last.text());
        let logged = || system.log_of("registry").contains(&last.request_id);
        assert!(km_test_support::wait_until(std::time::Duration::from_secs(10), logged));
        assert!(!system.log_of("registry").contains("canary"));
    }
}
