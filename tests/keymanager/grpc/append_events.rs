//! `Log.AppendEvents` and `Log.ConsistencyProof`

use km_audit::EventKind;
use km_proto::v1;
use km_tests::{System, on_both};

fn event(kind: &str) -> v1::RegistryEvent {
    v1::RegistryEvent { kind: kind.into(), outcome: "done".into(), count: 1, ..Default::default() }
}

fn append(system: &System, events: Vec<v1::RegistryEvent>) -> km_tests::grpc::Called<v1::AppendEventsResponse> {
    system.grpc("demo").append_events(v1::AppendEventsRequest { events })
}

on_both! {
    fn the_registrys_events_stand_in_the_log_under_its_name(system: &System) {
        let end = system.log_end();
        let listed = v1::RegistryEvent {
            register: "individual".into(), count: 50, request_id: km_tests::call::request_id(), digest: "ab".repeat(32),
            ..event("registry.list")
        };
        let refused = v1::RegistryEvent { outcome: "refused".into(), reason: "not-unique".into(), ..event("registry.refused") };
        let answer = append(system, vec![listed.clone(), refused]).good();
        let events = system.events_from("auditor", end);
        let at = |index: u64| events.iter().find(|event| event["index"] == index).expect("the event");
        let (first, second) = (at(answer.first_index), at(answer.first_index + 1));
        assert_eq!(first["kind"], "registry.list");
        assert_eq!((&first["count"], &first["register"]), (&50.into(), &"individual".into()));
        assert_eq!(first["request_id"], listed.request_id.as_str());
        assert_eq!(first["actor"]["name"], "spiffe://sealkeep/demo/registry/test-registry");
        assert_eq!((&second["outcome"], &second["reason"]), (&"refused".into(), &"not-unique".into()));
        // A caller whose token was passed on is named beside the registry.
        let end = system.log_end();
        let grpc = system.grpc("demo").with_token(system.token("caseworker"));
        grpc.append_events(v1::AppendEventsRequest { events: vec![event("registry.list")] }).good();
        let events = system.events_from("auditor", end);
        let by_caller = events.iter().find(|event| {
            event["kind"] == "registry.list" && event["actor"]["name"].as_str().is_some_and(|name| name.ends_with("#caseworker"))
        });
        assert_eq!(by_caller.expect("the event")["actor"]["service"], "spiffe://sealkeep/demo/registry/test-registry");
    }

    /// A registry must not be able to tell stories about what the key manager did.
    fn only_its_own_kinds_and_codes_are_taken(system: &System) {
        for kind in EventKind::ALL.iter().filter(|kind| !kind.registry_may_write()) {
            append(system, vec![event(kind.name())]).refused("invalid-request");
        }
        let change = |change: &dyn Fn(&mut v1::RegistryEvent)| {
            let mut event = event("registry.list");
            change(&mut event);
            event
        };
        let canary = "Amina Diallo";
        for bad in [
            change(&|event| event.kind = canary.into()),
            change(&|event| event.outcome = "begun".into()),
            change(&|event| event.outcome = canary.into()),
            change(&|event| event.reason = canary.into()),
            change(&|event| event.reason = "a".repeat(65)),
            change(&|event| event.register = canary.into()),
            change(&|event| event.digest = "ab".into()),
            change(&|event| event.digest = canary.repeat(6)[..64].into()),
            change(&|event| event.count = u64::MAX),
        ] {
            let end = system.log_end();
            let (status, _) = append(system, vec![event("registry.list"), bad]).refused("invalid-request");
            assert!(!status.message().contains("Diallo"), "{status:?}");
            let events = system.events_from("auditor", end);
            let listed = events.iter().filter(|event| event["kind"] == "registry.list" && event["register"].is_null());
            assert!(listed.filter(|event| event["actor"]["kind"] == "service").count() == 0, "a part of the call was taken");
        }
        append(system, Vec::new()).refused("invalid-request");
        append(system, vec![event("registry.list"); 1001]).refused("invalid-request");
        append(system, vec![event("registry.list"); 3]).good();
    }

    fn every_answer_carries_a_checkpoint_and_one_extends_the_other(system: &System) {
        let first = append(system, vec![event("registry.list")]).good().checkpoint.expect("a checkpoint");
        let checkpoint = |of: &v1::Checkpoint| km_audit::Note::parse(&of.note).expect("a note").checkpoint().expect("a checkpoint");
        let second = (0..200).find_map(|_| {
            let next = append(system, vec![event("registry.list")]).good().checkpoint.expect("a checkpoint");
            (next.size > first.size).then_some(next)
        });
        let (first, second) = (checkpoint(&first), checkpoint(&second.expect("a later checkpoint")));
        let proof = system
            .grpc("demo")
            .consistency_proof(v1::ConsistencyProofRequest { from: first.size, to: second.size })
            .good();
        let path: Vec<_> = proof.hashes.into_iter().map(|hash| hash.try_into().expect("32 bytes")).collect();
        assert!(km_audit::proof::verify_consistency(first.size, second.size, &path, &first.root, &second.root).is_ok());
        let beyond = v1::ConsistencyProofRequest { from: 0, to: u64::from(u32::MAX) };
        system.grpc("demo").consistency_proof(beyond).refused("invalid-request");
    }
}

on_both! {
    /// Somebody of another tenant who was refused at this registry stands in this registry's log, and in no other.
    fn an_event_belongs_to_the_registrys_tenant_whoever_called(system: &System) {
        let theirs_before = system.events_from("other-auditor", 0).len();
        let end = system.log_end();
        let refused = v1::RegistryEvent { outcome: "refused".into(), reason: "tenant-mismatch".into(), ..event("registry.refused") };
        let grpc = system.grpc("demo").with_token(system.token("other-caseworker"));
        grpc.append_events(v1::AppendEventsRequest { events: vec![refused] }).good();
        let ours = system.events_from("auditor", end);
        let found = ours.iter().find(|event| event["kind"] == "registry.refused" && event["reason"] == "tenant-mismatch");
        let actor = found.expect("the event")["actor"]["name"].clone();
        assert!(actor.as_str().is_some_and(|name| name.ends_with("#other-caseworker")), "{actor}");
        let theirs = system.events_from("other-auditor", 0);
        assert!(theirs[theirs_before..].iter().all(|event| event["kind"] != "registry.refused"));
    }
}
