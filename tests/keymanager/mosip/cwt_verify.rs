//! `POST /cwtVerify`

use km_tests::{Client, on_both};
use serde_json::{Value, json};

#[track_caller]
fn signed(client: &Client, more: Value) -> String {
    let mut request = json!({"claim169Payload": "a0", "applicationId": "OPENG2P"});
    request.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
    client.ask_mosip("/cwtSign", request).response()["signedData"].as_str().expect("a token").to_owned()
}

on_both! {
    fn the_signature_and_whom_it_names(system: &System) {
        let backend = system.mosip("backend");
        let token = signed(&backend, json!({"issuer": "me", "subject": "you"}));
        let verified = |more: Value| {
            let mut request = json!({"coseSignedData": token, "applicationId": "OPENG2P", "referenceId": ""});
            request.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            backend.ask_mosip("/cwtVerify", request)
        };
        let good = json!({"signatureValid": true, "message": "Validation Successful", "trustValid": "TRUST_NOT_VERIFIED"});
        assert_eq!(verified(json!({})).response(), good);
        assert_eq!(verified(json!({"issuer": "me", "subject": "you"})).response(), good);
        for (claim, member) in [("iss", "issuer"), ("sub", "subject")] {
            let message = verified(json!({member: "nobody"})).refused_with(200, "KER-SIG-119");
            assert_eq!(message, format!("Provided {claim} Claim value not matched with CWT."));
            let bare = signed(&backend, json!({}));
            let message = verified(json!({"coseSignedData": bare, member: "me"})).refused_with(200, "KER-SIG-118");
            assert_eq!(message, format!("{claim} Claim not found in the CWT Token."));
        }
        let mut changed = token.clone().into_bytes();
        let last = changed.len() - 1;
        changed[last] = if changed[last] == b'0' { b'1' } else { b'0' };
        // What nobody signed says nothing, also nothing of its issuer.
        let changed = String::from_utf8(changed).expect("text");
        assert_eq!(verified(json!({"coseSignedData": changed, "issuer": "nobody"})).response()["signatureValid"], false);
    }

    fn a_token_is_good_in_its_time_only(system: &System) {
        let backend = system.mosip("backend");
        let verified = |token: &str, as_of: Value| backend.ask_mosip("/cwtVerify", json!({"coseSignedData": token, "applicationId": "OPENG2P", "asOf": as_of}));
        let later = signed(&backend, json!({"notBeforeDays": 1, "expireDays": 1}));
        let end = system.log_end();
        let answer = verified(&later, json!(null));
        assert_eq!(answer.refused_with(200, "KER-SIG-115"), "Token is not yet valid; Not Before date is in the future.");
        system.events_of(end, &answer.request_id).is("crypto.verify", "refused", "mosip-token-out-of-time");
        let over = signed(&backend, json!({"expireDays": 0}));
        verified(&over, json!(null)).refused_with(200, "KER-SIG-116");
        let year = signed(&backend, json!({"expireDays": 365}));
        assert_eq!(verified(&year, json!(null)).response()["signatureValid"], true);
    }

    fn what_is_no_token_is_an_error(system: &System) {
        let backend = system.mosip("backend");
        let verified = |hex: &str| backend.ask_mosip("/cwtVerify", json!({"coseSignedData": hex, "applicationId": "OPENG2P"}));
        let token = signed(&backend, json!({}));
        for bad in ["zz", "00", &token[4..], &format!("d2{token}")] {
            verified(bad).refused_with(200, "KER-CWS-111");
        }
        // A message that is no token, in a token's tag.
        let message = backend.ask_mosip("/coseSign1", json!({"payload": "e30", "applicationId": "OPENG2P"})).response();
        let message = message["signedData"].as_str().expect("a message");
        verified(&format!("d83d{message}")).refused_with(200, "KER-CWS-111");
    }
}
