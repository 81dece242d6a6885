//! `POST /cwtSign`

use km_tests::{Options, System, base64url, on_both, on_each};
use serde_json::json;

use super::from_hex;

fn has(message: &[u8], part: &[u8]) -> bool {
    message.windows(part.len()).any(|window| window == part)
}

on_both! {
    fn the_claims_are_there_by_their_numbers(system: &System) {
        let backend = system.mosip("backend");
        let request = json!({"payload": base64url(r#"{"name":"Selam","40":[1]}"#), "claim169Payload": "a10a41ff", "applicationId": "OPENG2P", "referenceId": "", "issuer": "https://i", "subject": "sub", "audience": "aud", "expireDays": 10, "notBeforeDays": "0", "cwtid": "id-1", "protectedHeader": null, "algorithm": "PS256"});
        let end = system.log_end();
        let answer = backend.ask_mosip("/cwtSign", request);
        system.events_of(end, &answer.request_id).is("crypto.sign", "done", "");
        let answer = answer.response();
        assert!(answer["timestamp"].as_str().is_some_and(|time| time.len() == 26));
        let message = from_hex(answer["signedData"].as_str().expect("a token"));
        assert!(message.starts_with(&[0xd8, 61, 0xd2, 0x84, 0x44, 0xa1, 1, 0x38, 0x24, 0xa0]));
        for part in [&b"\xaa\x01\x69https://i\x02\x63sub\x03\x63aud\x04\x1a"[..], b"\x07\x44id-1", b"\x18\xa9\x44\xa1\x0a\x41\xff", b"\x18\x28\x81\x01", b"\x64name\x65Selam"] {
            assert!(has(&message, part), "{part:?}");
        }
        // Ten days lie between the beginning and the end.
        let claims = message.windows(2).position(|window| window == b"\x04\x1a").expect("the end");
        let seconds = |at: usize| u32::from_be_bytes(message[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((message[claims + 6], message[claims + 12]), (5, 6));
        assert_eq!(seconds(claims + 2) - seconds(claims + 8), 10 * 86_400);
        assert_eq!(seconds(claims + 8), seconds(claims + 14));
    }

    fn by_default_it_is_good_for_180_days_and_names_nobody(system: &System) {
        let backend = system.mosip("backend");
        for (id, expected) in [(json!(null), false), (json!("UUID"), true)] {
            let request = json!({"claim169Payload": "a0", "applicationId": "OPENG2P", "CWTId": id});
            let message = from_hex(backend.ask_mosip("/cwtSign", request).response()["signedData"].as_str().expect("a token"));
            let at = message.windows(2).position(|window| window == b"\x04\x1a").expect("the end");
            let seconds = |at: usize| u32::from_be_bytes(message[at..at + 4].try_into().expect("four bytes"));
            assert_eq!(seconds(at + 2) - seconds(at + 8), 180 * 86_400);
            assert!(!has(&message, b"https"));
            // 36 characters of a UUID.
            assert_eq!(has(&message, b"\x07\x58\x24"), expected);
        }
    }

    fn other_requests_are_refused(system: &System) {
        let backend = system.mosip("backend");
        let asked = |more: serde_json::Value| {
            let mut request = json!({"claim169Payload": "a0", "applicationId": "OPENG2P"});
            request.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            backend.ask_mosip("/cwtSign", request)
        };
        asked(json!({"claim169Payload": " ", "payload": null})).refused_with(200, "KER-JWS-102");
        asked(json!({"claim169Payload": "zz"})).refused_with(200, "KER-SIG-114");
        asked(json!({"payload": base64url("[]")})).refused_with(200, "KER-SIG-114");
        asked(json!({"payload": base64url(r#"{"a":1,"a":2}"#)})).refused_with(200, "KER-SIG-114");
        asked(json!({"payload": "{\"4\":99999999999}"})).refused_with(200, "KER-SIG-114");
        asked(json!({"payload": "!"})).refused_with(200, "KER-CRY-003");
        for name in ["expireDays", "notBeforeDays"] {
            let message = asked(json!({name: -1})).refused_with(200, "KER-SIG-117");
            assert_eq!(message, format!("Negative values are not allowed for {name}."));
            for bad in [json!(40_000), json!("soon"), json!(1.5)] {
                asked(json!({name: bad})).refused_with(200, "KER-KMS-005");
            }
        }
        asked(json!({"applicationId": "RESTRICTED"})).refused_with(200, "KER-JWS-108");
        asked(json!({"algorithm": "EdDSA"})).refused_with(200, "KER-CWS-109");
        asked(json!({"payload": "{\"plain\":1}"})).response();
    }
}

on_each! {
    fn configuration_names_the_issuer_and_the_days(database: Database) {
        let mosip = r#"cwt = { issuer = "https://configured", begin_days = 1, expire_days = 2 }"#.to_owned();
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let backend = system.mosip("backend");
        let answer = backend.ask_mosip("/cwtSign", json!({"claim169Payload": "a0", "applicationId": "OPENG2P"})).response();
        let token = answer["signedData"].as_str().expect("a token");
        let message = from_hex(token);
        assert!(has(&message, b"\x72https://configured"));
        let at = message.windows(2).position(|window| window == b"\x04\x1a").expect("the end");
        let seconds = |at: usize| u32::from_be_bytes(message[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((seconds(at + 2) - seconds(at + 8), seconds(at + 8) - seconds(at + 14)), (2 * 86_400, 86_400));
        backend.ask_mosip("/cwtVerify", json!({"coseSignedData": token, "applicationId": "OPENG2P"})).refused_with(200, "KER-SIG-115");
    }
}
