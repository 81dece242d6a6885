//! `POST /v1/officer/certificates/{serial}/revoke`

use km_tests::identities::DEMO;
use km_tests::on_both;
use serde_json::json;

on_both! {
    fn a_revoked_certificate_is_refused_from_the_next_request_on(system: &System) {
        let lost = system.certificate(DEMO, "officer", "lost-laptop");
        let thief = system.at_officer_door(Some(lost.files())).with_token(system.token("officer"));
        thief.get("/v1/officer/enrolments").good();
        let end = system.log_end();
        let path = format!("/v1/officer/certificates/{}/revoke", lost.serial());
        let answer = system.officer("officer").post(&path, json!({}));
        assert_eq!(answer.status, 204, "{}", answer.text());
        let event = system.events_of(end, &answer.request_id).is("certificate.revoked", "done", "").clone();
        assert_eq!(event["object"], format!("certificate {}", lost.serial()));
        // On the connection that is open already: a problem; on a new one: no connection.
        match thief.try_send("GET", "/v1/officer/enrolments", None, Vec::new()) {
            Ok(answer) => drop(answer.refused(403, "certificate-refused")),
            Err(error) => assert!(error.to_lowercase().contains("certificate"), "{error}"),
        }
        let anew = system.at_officer_door(Some(lost.files())).with_token(system.token("officer"));
        assert!(anew.try_send("GET", "/v1/officer/enrolments", None, Vec::new()).is_err());
        system.officer("officer").post(&path, json!({})).refused(409, "certificate-not-valid");
        // Others go on.
        system.officer("officer").get("/v1/officer/enrolments").good();
    }

    fn a_serial_must_be_one_of_ours(system: &System) {
        let officer = system.officer("officer");
        let path = |serial: &str| format!("/v1/officer/certificates/{serial}/revoke");
        officer.post(&path("00ff00ff"), json!({})).refused(409, "certificate-not-valid");
        for serial in ["xyz", "12%2034", &"a".repeat(65)] {
            let refused = officer.post(&path(serial), json!({})).refused(400, "invalid-request");
            assert_eq!(refused.body["field"], "serial");
        }
    }

    fn an_officer_of_another_tenant_revokes_nothing_of_ours(system: &System) {
        let ours = system.certificate(DEMO, "client", "not-theirs");
        let path = format!("/v1/officer/certificates/{}/revoke", ours.serial());
        let theirs = system.officer("other-officer").post(&path, json!({})).refused(409, "certificate-not-valid");
        let unknown = system.officer("officer").post("/v1/officer/certificates/00ff00fe/revoke", json!({}));
        assert_eq!(unknown.without_request_id(), theirs.without_request_id());
        assert_eq!(system.officer("officer").post(&path, json!({})).status, 204, "it was still valid");
    }
}
