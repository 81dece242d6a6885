//! Who may pass the officers' door: certificate, token and second factor, all of one tenant.

use km_tests::identities::{DEMO, OTHER};
use km_tests::openssl::openssl;
use km_tests::{Answer, System, on_both};
use serde_json::json;

const PATH: &str = "/v1/officer/enrolments";

fn refused_and_recorded(system: &System, answer: Answer, status: u16, code: &str, end: u64) {
    let answer = answer.refused(status, code);
    let events = system.events_of(end, &answer.request_id).0;
    let found = events.iter().any(|event| event["outcome"] == "refused" && event["reason"] == code);
    assert!(found, "{code}: {events:#?}");
}

on_both! {
    fn without_a_certificate_there_is_no_connection(system: &System) {
        let token = system.token("officer");
        let without = system.at_officer_door(None).with_token(token);
        assert!(without.try_send("GET", PATH, None, Vec::new()).is_err());
        system.officer("officer").get(PATH).good();
    }

    fn a_certificate_under_another_root_is_no_certificate(system: &System) {
        let folder = system.folder().join(km_tests::call::request_id());
        std::fs::create_dir(&folder).expect("a folder");
        let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
        km_tests::openssl::make_key(&key);
        // Everything that ours says, said by somebody else.
        let how = "req -x509 -new -days 1 -subj /OU=officer/CN=workstation \
            -addext subjectAltName=URI:spiffe://sealkeep/demo/officer/workstation -addext extendedKeyUsage=clientAuth -key";
        let how = how.split_whitespace().collect::<Vec<_>>().join(" ");
        let made = openssl(&how, &[&key]).good().output;
        std::fs::write(&certificate, made).expect("a file");
        let foreign = system.at_officer_door(Some((&certificate, &key))).with_token(system.token("officer"));
        assert!(foreign.try_send("GET", PATH, None, Vec::new()).is_err());
    }

    fn certificates_of_other_kinds_are_refused(system: &System) {
        for kind in ["registry", "client"] {
            let other = system.certificate(DEMO, kind, &format!("at-officer-door-{kind}"));
            let end = system.log_end();
            let client = system.at_officer_door(Some(other.files())).with_token(system.token("officer"));
            let answer = client.get(PATH);
            let event = system.events_of(end, &answer.request_id).is("access.refused", "refused", "certificate-refused").clone();
            assert_eq!(event["actor"]["name"], format!("spiffe://sealkeep/demo/{kind}/at-officer-door-{kind}"));
            answer.refused(403, "certificate-refused");
        }
    }

    fn a_certificate_alone_is_not_enough(system: &System) {
        let workstation = system.certificate(DEMO, "officer", "workstation");
        let door = system.at_officer_door(Some(workstation.files()));
        door.get(PATH).refused(401, "token-missing");
        let end = system.log_end();
        refused_and_recorded(system, door.clone().with_token("AAAA").get(PATH), 401, "token-invalid", end);
        let end = system.log_end();
        refused_and_recorded(system, door.with_token(system.token("backend")).get(PATH), 403, "role-missing", end);
    }

    fn an_old_or_missing_second_factor_is_refused(system: &System) {
        let officer = system.officer("officer");
        officer.get(PATH).good();
        let body = json!({"id": "never-made", "purpose": "sign", "algorithm": "P-256", "allow": ["sealkeep-backend"]});
        let fresh = officer.clone().with_token(system.token_with_old_factor("officer", 800));
        fresh.get(PATH).good();
        for token in [
            system.token_with_old_factor("officer", 901),
            system.token("one-factor"),
            system.forged_token("officer", &json!({}), &json!({"acr": null})),
            system.forged_token("officer", &json!({}), &json!({"auth_time": null})),
        ] {
            let officer = officer.clone().with_token(token);
            let end = system.log_end();
            refused_and_recorded(system, officer.get(PATH), 403, "step-up-needed", end);
            let end = system.log_end();
            refused_and_recorded(system, officer.post("/v1/officer/keys", body.clone()), 403, "step-up-needed", end);
        }
        system.rest("backend").get("/v1/keys/never-made").refused(404, "key-not-found");
    }

    fn certificate_and_token_must_be_of_one_tenant(system: &System) {
        for (certificate_of, who) in [(OTHER, "officer"), (DEMO, "other-officer")] {
            let workstation = system.certificate(certificate_of, "officer", "workstation");
            let crossed = system.at_officer_door(Some(workstation.files())).with_token(system.token(who));
            crossed.get(PATH).refused(403, "tenant-mismatch");
            let body = json!({"id": "never-made", "purpose": "sign", "algorithm": "P-256", "allow": ["sealkeep-backend"]});
            crossed.post("/v1/officer/keys", body).refused(403, "tenant-mismatch");
            crossed.get("/v1/officer/rewrap").refused(403, "tenant-mismatch");
        }
    }
}
