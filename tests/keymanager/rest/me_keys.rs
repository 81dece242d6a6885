//! `POST /v1/me/keys` and `GET /v1/me/keys`

use km_client::{Holder, enrolment};
use km_domain::{SecretText, Timestamp};
use km_tests::forged::jws;
use km_tests::people::Reader;
use km_tests::{Answer, System, now, on_both};
use serde_json::{Value, json};

fn holder(system: &System, who: &str) -> Holder {
    Holder::of(&SecretText::new(system.token(who))).expect("a token that names its holder")
}

/// The enrolment of the reader's key as its own holder, or somebody else, would send it.
fn body(reader: &Reader, holder: &Holder, at: Timestamp) -> Value {
    serde_json::to_value(enrolment(&reader.key, holder, at).expect("an enrolment")).expect("JSON")
}

fn enrol(system: &System, who: &str, body: &Value) -> Answer {
    system.rest(who).post("/v1/me/keys", body.clone())
}

on_both! {
    fn a_key_waits_under_its_thumbprint_and_its_holder_sees_it(system: &System) {
        let reader = system.new_reader("second-backend", "waits");
        let end = system.log_end();
        let answer = enrol(system, "second-backend", &body(&reader, &holder(system, "second-backend"), now()));
        let event = system.events_of(end, &answer.request_id).is("enrolment.requested", "done", "").clone();
        assert_eq!(event["object"], format!("key {}", reader.key.kid()));
        let enrolled = answer.good();
        assert_eq!((&enrolled["id"], &enrolled["state"]), (&json!(reader.key.kid()), &json!("waiting")));
        let shown = |who: &str| {
            let keys = system.rest(who).get("/v1/me/keys").good()["keys"].clone();
            keys.as_array().expect("keys").iter().any(|key| key["id"] == reader.key.kid())
        };
        assert!(shown("second-backend") && !shown("backend") && !shown("other-backend"));
        // Sent again it is the same enrolment.
        let again = enrol(system, "second-backend", &body(&reader, &holder(system, "second-backend"), now())).good();
        assert_eq!(again, enrolled);
    }

    fn a_proof_must_be_fresh_and_by_this_key_for_this_caller(system: &System) {
        let who = "caseworker";
        let (reader, other) = (system.new_reader(who, "proofs"), system.new_reader(who, "others"));
        let own = holder(system, who);
        let at = now().seconds();
        let good = body(&reader, &own, now());
        let header = json!({"alg": "ES256", "kid": reader.key.kid(), "typ": "sealkeep-enrol+jws"});
        let claims = json!({"sub": own.subject, "iss": own.issuer, "iat": at, "nonce": "AAAAAAAAAAAAAAAAAAAAAA"});
        let forged = |header: &Value, claims: &Value| {
            let mut body = good.clone();
            body["proof"] = json!(jws(&reader.key_file, header, claims.to_string().as_bytes()));
            body
        };
        let with = |of: &Value, name: &str, value: Value| {
            let mut changed = of.clone();
            changed[name] = value;
            changed
        };
        let mut swapped = good.clone();
        swapped["jwk"] = body(&other, &own, now())["jwk"].clone();
        let replayed = body(&reader, &holder(system, "backend"), now());
        let bad = [
            ("another's proof", replayed),
            ("another key", swapped),
            ("old", forged(&header, &with(&claims, "iat", json!(at - 301)))),
            ("of the future", forged(&header, &with(&claims, "iat", json!(at + 400)))),
            ("another issuer", forged(&header, &with(&claims, "iss", json!("https://issuer.invalid")))),
            ("an unknown member", forged(&header, &with(&claims, "role", json!("sealkeep-officer")))),
            ("another type", forged(&with(&header, "typ", json!("sealkeep-open+jws")), &claims)),
            ("no type", forged(&with(&header, "typ", json!(null)), &claims)),
            ("algorithm none", forged(&with(&header, "alg", json!("none")), &claims)),
            ("a critical header", forged(&with(&header, "crit", json!(["exp"])), &claims)),
            ("no JWS", with(&good, "proof", json!("AAAA"))),
        ];
        let end = system.log_end();
        for (what, body) in bad {
            let answer = enrol(system, who, &body);
            assert_eq!((answer.status, answer.code()), (400, "proof-invalid"), "{what}: {}", answer.text());
            system.events_of(end, &answer.request_id).is("enrolment.requested", "refused", "proof-invalid");
        }
        // The forger itself makes good proofs.
        enrol(system, who, &forged(&header, &claims)).good();
    }

    fn only_a_public_p256_key_is_taken(system: &System) {
        let reader = system.new_reader("caseworker", "kinds");
        let good = body(&reader, &holder(system, "caseworker"), now());
        let with = |name: &str, value: Value| {
            let mut changed = good.clone();
            changed["jwk"][name] = value;
            changed
        };
        let off_the_curve = with("y", json!(km_tests::base64url([1; 32])));
        let private = with("d", json!(km_tests::base64url([1; 32])));
        let rsa = json!({"jwk": {"kty": "RSA", "n": km_tests::base64url([0xc3; 256]), "e": "AQAB"}, "proof": good["proof"]});
        let symmetric = json!({"jwk": {"kty": "oct", "k": "AAAA"}, "proof": good["proof"]});
        for body in [off_the_curve, private, rsa, symmetric, with("crv", json!("secp256k1")), json!({"jwk": {}, "proof": ""})] {
            let refused = enrol(system, "caseworker", &body).refused(400, "invalid-request");
            assert!(refused.body["field"].is_string(), "{}", refused.text());
        }
    }

    fn a_key_belongs_to_who_enrolled_it_first(system: &System) {
        let reader = system.new_reader("backend", "shared");
        enrol(system, "backend", &body(&reader, &holder(system, "backend"), now())).good();
        let end = system.log_end();
        let second = enrol(system, "second-backend", &body(&reader, &holder(system, "second-backend"), now()));
        system.events_of(end, &second.request_id).is("enrolment.requested", "refused", "key-already-enrolled");
        second.refused(409, "key-already-enrolled");
    }
}
