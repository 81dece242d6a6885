//! Where the token stands (C2), and whose tokens are accepted.

use std::io::Read;
use std::time::Duration;

use km_tests::{Client, Options, System, on_both, on_each};
use serde_json::json;

const PATH: &str = "/getCertificate?applicationId=OPENG2P";

fn status(client: Client) -> u16 {
    let answer = client.get(PATH);
    if answer.status == 401 {
        assert_eq!(answer.refused_with(401, "KER-ATH-401"), "Authentication Failed");
    }
    answer.status
}

on_both! {
    fn the_token_stands_in_the_cookie_or_the_header(system: &System) {
        let token = system.token("backend");
        let with = |name: &str, value: String| status(system.mosip_anyone().with_header(name, &value));
        for (value, expected) in [
            (format!("Authorization={token}"), 200),
            (format!("a=b; Authorization={token}; c=d"), 200),
            (format!("Authorization=\"{token}\""), 200),
            ("Authorization=None".to_owned(), 401),
            ("Authorization=".to_owned(), 401),
            ("Authorization=null".to_owned(), 401),
            (format!("Authorization=Bearer {token}"), 401),
            (format!("Authorization={token}; Authorization={token}"), 401),
            ("Authorization=a.b.c".to_owned(), 401),
            (format!("authorization={token}"), 401),
        ] {
            assert_eq!(with("cookie", value.clone()), expected, "{}", value.replace(&token, "TOKEN"));
        }
        for (value, expected) in [
            (format!("Bearer {token}"), 200),
            (format!("bearer  {token}"), 200),
            (token.clone(), 401),
            (format!("Basic {token}"), 401),
            ("Bearer None".to_owned(), 401),
        ] {
            assert_eq!(with("authorization", value.clone()), expected, "{}", value.replace(&token, "TOKEN"));
        }
        assert_eq!(status(system.mosip_anyone()), 401);
        // PBMS with its switch off; a client that sends both.
        let both = |cookie: &str| system.mosip_anyone().with_header("cookie", cookie).with_token(token.clone());
        assert_eq!(status(both("Authorization=None")), 200);
        assert_eq!(status(both("Authorization=a.b.c")), 401);
    }

    fn a_token_that_is_refused_is_recorded_and_none_is_not(system: &System) {
        let end = system.log_end();
        let answer = system.mosip_anyone().with_token(system.forged_token("backend", &json!({}), &json!({"exp": 1000}))).get(PATH);
        answer.refused_with(401, "KER-ATH-401");
        system.events_of(end, &answer.request_id).is("access.refused", "refused", "token-invalid");
        let answer = system.mosip_anyone().get(PATH);
        assert!(system.events_of(end, &answer.request_id).0.is_empty());
    }

    /// The cookie is for this door only.
    fn no_other_door_reads_the_cookie(system: &System) {
        let cookie = format!("Authorization={}", system.token("backend"));
        system.anyone().with_header("cookie", &cookie).get("/v1/keys").refused(401, "token-missing");
    }
}

on_each! {
    fn before_the_token_is_good_no_body_is_read(database: Database) {
        let mosip = "plain_http = \"127.0.0.1:0\"".to_owned();
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        // Announced, and never sent.
        let answer = |token: &str| {
            let mut stream = system.unfinished_encrypt(token, 3 * 1024 * 1024, "");
            stream.set_read_timeout(Some(Duration::from_secs(2))).expect("a limit");
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).map(|()| String::from_utf8_lossy(&answer).into_owned())
        };
        for token in [&*system.forged_token("backend", &json!({}), &json!({"exp": 1000})), "a.b.c", "None"] {
            assert_eq!(answer(token).expect("an answer"), "HTTP/1.1 401");
        }
        assert!(answer(&system.token("backend")).is_err(), "the body of a caller who may send one is waited for");
    }

    /// OpenG2P's tokens are made for the client itself: it stands in `azp`, and `aud` is Keycloak's own.
    fn a_configured_client_is_an_audience(database: Database) {
        let system = System::start(database, Options { mosip: Some("audiences = [\"openg2p-sr\"]".into()), ..Options::default() });
        let with = |claims| system.forged_token("backend", &json!({}), &claims);
        for (claims, expected) in [
            (json!({"aud": "account", "azp": "openg2p-sr"}), 200),
            (json!({"aud": "account", "azp": "OpenG2P-SR"}), 200),
            (json!({"aud": null, "azp": "openg2p-sr"}), 200),
            (json!({"aud": ["account", "openg2p-sr"], "azp": "x"}), 200),
            (json!({"aud": "account", "azp": "openg2p"}), 401),
            (json!({"aud": "account", "azp": null}), 401),
            (json!({"aud": null, "azp": null}), 401),
        ] {
            let token = with(claims.clone());
            assert_eq!(status(system.mosip_anyone().with_token(token.clone())), expected, "{claims}");
            // Seen and remembered here, it still opens no door of ours.
            assert_eq!(system.anyone().with_token(token).get("/v1/keys").status, 401, "{claims}");
        }
    }
}
