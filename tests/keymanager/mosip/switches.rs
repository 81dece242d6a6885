//! The named switches: off by default, and where one is on, health and every event say so.

use km_tests::mosip::{to_decrypt, to_encrypt};
use km_tests::{Options, System, on_both, on_each};
use serde_json::{Value, json};

use super::POLICIES;

on_both! {
    fn all_are_off_by_default(system: &System) {
        let ready = system.readiness().expect("an answer").1;
        assert_eq!(ready["facts"]["switches"], json!([]));
        assert!(ready["components"]["mosip-switches"].is_null());
        system.mosip_anyone().ask_mosip("/encrypt", json!({})).refused_with(401, "KER-ATH-401");
        assert!(system.events_from("auditor", 0).iter().all(|event| event["switches"].is_null()));
    }
}

on_each! {
    fn without_a_token_the_fixed_caller_has_its_lists_and_no_more(database: Database) {
        let mosip = r#"
plain_http = "127.0.0.1:0"
anonymous_principal = { name = "intern", roles = ["INDIVIDUAL"], applications = ["OPENG2P", "CLOSED"] }"#;
        let system = System::start(database, Options { mosip: Some(mosip.into()), bootstrap: POLICIES, ..Options::default() });
        let both = json!(["mosip.anonymous_principal", "mosip.plain_http"]);
        let ready = system.readiness().expect("an answer").1;
        assert_eq!(ready["facts"]["switches"], both);
        assert_eq!(ready["components"]["mosip-switches"]["state"], "degraded");
        let anyone = system.mosip_http();
        assert_eq!(anyone.get("/actuator/health").good()["switches"], both);
        // Over both listeners, and with the cookie of a client whose own switch is off.
        for client in [anyone.clone(), system.mosip_anyone(), anyone.clone().with_header("cookie", "Authorization=None")] {
            let answer = client.ask_mosip("/encrypt", to_encrypt("OPENG2P", "ENCRYPT", "Selam"));
            let id = answer.request_id.clone();
            let data = answer.response()["data"].as_str().expect("data").to_owned();
            let opened = client.ask_mosip("/decrypt", to_decrypt("OPENG2P", "ENCRYPT", &data)).response();
            assert_eq!(opened["data"], km_tests::base64url("Selam"));
            let event: Value = system.events_of(0, &id).is("crypto.encrypt", "done", "").clone();
            assert_eq!((&event["actor"]["name"], &event["switches"]), (&json!("anonymous#intern"), &both));
        }
        // Other applications, and those whose list does not name the caller.
        anyone.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", "Selam")).refused_with(200, "KER-KMS-002");
        anyone.ask_mosip("/encrypt", to_encrypt("CLOSED", "ENCRYPT", "Selam")).refused_with(200, "KER-KMS-002");
        anyone.ask_mosip("/jwtSign", json!({"dataToSign": "e30", "applicationId": "ID_REPO"})).refused_with(200, "KER-JWS-108");
        anyone.get("/getCertificate?applicationId=ID_REPO").refused_with(200, "KER-KMS-002");
        anyone.get("/getAllCertificates?applicationId=ID_REPO").refused_with(200, "KER-KMS-002");
        // A token that is no good is not the same as none.
        let forged = system.forged_token("backend", &json!({}), &json!({"exp": 1000}));
        anyone.clone().with_token(forged).get("/getCertificate?applicationId=OPENG2P").refused_with(401, "KER-ATH-401");
        // With a token, its holder is who it says.
        let answer = system.mosip_http().with_token(system.token("backend")).get("/getCertificate?applicationId=ID_REPO");
        let id = answer.request_id.clone();
        answer.response();
        let event = system.events_of(0, &id).is("certificate.read", "done", "").clone();
        assert!(event["actor"]["name"].as_str().is_some_and(|name| name.ends_with("#backend")));
        // The start says it too, and every other event.
        assert!(system.log_of("keymanager").contains("mosip.switches"));
        let events = system.events_from("auditor", 0);
        assert!(events.iter().any(|event| event["kind"] == "service.start" && event["switches"] == both));
    }
}
