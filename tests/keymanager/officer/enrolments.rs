//! `GET /v1/officer/enrolments` and `POST /v1/officer/enrolments/{id}/approve`

use km_tests::{System, on_both};
use serde_json::{Value, json};

fn shown(system: &System, officer: &str, id: &str) -> Option<Value> {
    let list = system.officer(officer).get("/v1/officer/enrolments").good()["enrolments"].clone();
    list.as_array().expect("enrolments").iter().find(|one| one["id"] == id).cloned()
}

on_both! {
    fn an_officer_makes_a_waiting_key_active_once(system: &System) {
        let reader = system.new_reader("backend", "approved-once");
        let id = system.enrol(&reader).id;
        let waiting = shown(system, "officer", &id).expect("the enrolment");
        assert_eq!((&waiting["state"], &waiting["subject"]), (&json!("waiting"), &json!("backend")));
        assert_eq!(waiting["issuer"], system.issuer());
        let path = format!("/v1/officer/enrolments/{id}/approve");
        let end = system.log_end();
        let answer = system.officer("officer").post(&path, json!({}));
        let event = system.events_of(end, &answer.request_id).is("enrolment.approved", "done", "").clone();
        assert!(event["object"].as_str().is_some_and(|object| object.contains(&id)), "{event}");
        assert_eq!(answer.good()["state"], "active");
        assert_eq!(shown(system, "second-officer", &id).expect("the enrolment")["state"], "active");
        let end = system.log_end();
        let again = system.officer("second-officer").post(&path, json!({})).refused(409, "enrolment-not-waiting");
        system.events_of(end, &again.request_id).is("enrolment.approved", "refused", "enrolment-not-waiting");
    }

    fn two_officers_at_once_approve_once(system: &System) {
        let reader = system.new_reader("backend", "approved-twice");
        let path = format!("/v1/officer/enrolments/{}/approve", system.enrol(&reader).id);
        let officers = ["officer", "second-officer"].map(|who| system.officer(who));
        let answers = std::thread::scope(|scope| {
            let callers = officers.each_ref().map(|officer| scope.spawn(|| officer.post(&path, json!({}))));
            callers.map(|caller| caller.join().expect("an answer"))
        });
        let mut states = answers.each_ref().map(|answer| (answer.status, answer.code().to_owned()));
        states.sort();
        assert_eq!(states, [(200, String::new()), (409, "enrolment-not-waiting".to_owned())]);
    }

    fn nobody_approves_their_own_key(system: &System) {
        let reader = system.new_reader("officer", "own");
        let id = system.enrol(&reader).id;
        let path = format!("/v1/officer/enrolments/{id}/approve");
        let end = system.log_end();
        let refused = system.officer("officer").post(&path, json!({})).refused(403, "own-enrolment");
        system.events_of(end, &refused.request_id).is("enrolment.approved", "refused", "own-enrolment");
        assert_eq!(shown(system, "officer", &id).expect("the enrolment")["state"], "waiting");
        system.officer("second-officer").post(&path, json!({})).good();
    }

    fn an_officer_of_another_tenant_neither_sees_nor_approves(system: &System) {
        let reader = system.new_reader("backend", "not-theirs");
        let id = system.enrol(&reader).id;
        assert!(shown(system, "other-officer", &id).is_none());
        let path = format!("/v1/officer/enrolments/{id}/approve");
        let foreign = system.officer("other-officer").post(&path, json!({})).refused(404, "not-found");
        let unknown = system.officer("officer").post("/v1/officer/enrolments/nothing/approve", json!({}));
        assert_eq!(unknown.refused(404, "not-found").without_request_id(), foreign.without_request_id());
        assert_eq!(shown(system, "officer", &id).expect("the enrolment")["state"], "waiting");
    }
}
