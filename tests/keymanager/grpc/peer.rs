//! Who may pass this door: the registry by its certificate, the caller by the forwarded token, both of one tenant.

use km_proto::v1::{
    AppendEventsRequest, ConsistencyProofRequest, CosignRequest, EraseRecordRequest, IndexTermsRequest,
    OpenRecordRequest, RecomputeTermsRequest, RenewRequest, RewrapStatusRequest, SealItem, SealRecordRequest,
};
use km_tests::identities::{DEMO, OTHER};
use km_tests::people::{draft, national_id};
use km_tests::records::open_message;
use km_tests::{Grpc, System, on_both};
use serde_json::json;
use tonic::Status;

/// What came of one call.
type Outcome = (&'static str, Result<(), Status>, String);

/// Every call of the door that is the registry's alone.
fn registrys_calls(grpc: &Grpc) -> Vec<Outcome> {
    macro_rules! outcomes {
        ($($method:ident($message:expr))*) => {
            vec![$({
                let called = grpc.$method($message);
                (stringify!($method), called.result.map(drop), called.request_id)
            }),*]
        };
    }
    outcomes! {
        seal_record(with_an_item())
        open_record(OpenRecordRequest::default())
        index_terms(IndexTermsRequest::default())
        erase_record(EraseRecordRequest::default())
        recompute_terms(RecomputeTermsRequest::default())
        rewrap_status(RewrapStatusRequest {})
        append_events(AppendEventsRequest::default())
        consistency_proof(ConsistencyProofRequest { from: 0, to: 1 })
        cosign(CosignRequest::default())
        seal_record(SealRecordRequest::default())
    }
}

fn with_an_item() -> SealRecordRequest {
    SealRecordRequest { register: "individual".into(), items: vec![SealItem::default()], ..Default::default() }
}

fn all_refused(system: &System, grpc: &Grpc, code: &str) {
    let end = system.log_end();
    for (method, result, request_id) in registrys_calls(grpc) {
        let status = result.expect_err(method);
        assert_eq!(km_tests::grpc::code_of(&status), code, "{method}: {status:?}");
        system.events_of(end, &request_id).is("access.refused", "refused", code);
    }
}

on_both! {
    /// With the best token there is: the kind of the certificate decides.
    fn certificates_of_other_kinds_pass_no_call_of_the_registrys(system: &System) {
        for kind in ["officer", "client"] {
            let other = system.certificate(DEMO, kind, &format!("at-grpc-door-{kind}"));
            let grpc = system.grpc_with(Some(other.files())).with_token(system.token("backend"));
            all_refused(system, &grpc, "certificate-refused");
        }
    }

    fn without_a_certificate_of_ours_there_is_no_connection(system: &System) {
        let folder = system.folder().join(km_tests::call::request_id());
        std::fs::create_dir(&folder).expect("a folder");
        let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
        km_tests::openssl::make_key(&key);
        let how = "req -x509 -new -days 1 -subj /OU=registry/CN=registry -addext \
            subjectAltName=URI:spiffe://sealkeep/demo/registry/test-registry -addext extendedKeyUsage=clientAuth -key";
        let how = how.split_whitespace().collect::<Vec<_>>().join(" ");
        std::fs::write(&certificate, km_tests::openssl::openssl(&how, &[&key]).good().output).expect("a file");
        for grpc in [system.grpc_with(None), system.grpc_with(Some((&certificate, &key)))] {
            let called = grpc.with_token(system.token("backend")).rewrap_status(RewrapStatusRequest {});
            let status = called.result.expect_err("no answer");
            assert_eq!(km_tests::grpc::code_of(&status), "", "{status:?}");
        }
        system.grpc(DEMO).rewrap_status(RewrapStatusRequest {}).good();
    }

    /// The registry's certificate alone opens, finds, seals and erases nothing.
    fn the_registry_without_a_caller_gets_nothing_of_a_person(system: &System) {
        let registry = system.grpc(DEMO);
        let end = system.log_end();
        for (method, called) in [
            ("seal", registry.seal_record(with_an_item()).result.map(drop)),
            ("open", registry.open_record(OpenRecordRequest::default()).result.map(drop)),
            ("find", registry.index_terms(IndexTermsRequest::default()).result.map(drop)),
            ("erase", registry.erase_record(EraseRecordRequest::default()).result.map(drop)),
        ] {
            let status = called.expect_err(method);
            assert_eq!(km_tests::grpc::code_of(&status), "token-missing", "{method}: {status:?}");
            assert_eq!(status.code(), tonic::Code::Unauthenticated);
        }
        let events = system.events_from("auditor", end);
        let refused = events.iter().filter(|event| {
            event["reason"] == "token-missing" && event["actor"]["name"] == "spiffe://sealkeep/demo/registry/test-registry"
        });
        assert!(refused.count() >= 4);
    }

    fn a_bad_token_and_a_role_that_may_not_are_refused(system: &System) {
        let registry = system.grpc(DEMO);
        let end = system.log_end();
        for token in ["AAAA".to_owned(), system.forged_token("backend", &json!({}), &json!({"exp": 1_000_000}))] {
            let (_, id) = registry.with_token(token).open_record(OpenRecordRequest::default()).refused("token-invalid");
            system.events_of(end, &id).is("access.refused", "refused", "token-invalid");
        }
        let reader = system.reader("backend");
        let stored = system.seal(&reader, &draft(&national_id()));
        for who in ["officer", "auditor", "operator", "nobody", "stranger"] {
            let request = system.open_request(&reader, &[stored.record], &["national_id"]).jws;
            let end = system.log_end();
            let called = registry.with_token(system.token(who)).open_record(open_message(&request, vec![stored.supplied()]));
            let (_, id) = called.refused("role-missing");
            system.events_of(end, &id).is("record.opened", "refused", "role-missing");
        }
    }

    fn registry_and_caller_must_be_of_one_tenant(system: &System) {
        let reader = system.reader("backend");
        let stored = system.seal(&reader, &draft(&national_id()));
        let request = || system.open_request(&reader, &[stored.record], &["national_id"]).jws;
        for (registry, who) in [(OTHER, "backend"), (DEMO, "other-backend")] {
            let grpc = system.grpc(registry).with_token(system.token(who));
            grpc.open_record(open_message(&request(), vec![stored.supplied()])).refused("tenant-mismatch");
            grpc.seal_record(with_an_item()).refused("tenant-mismatch");
            grpc.index_terms(IndexTermsRequest { register: "individual".into(), ..Default::default() }).refused("tenant-mismatch");
            grpc.erase_record(EraseRecordRequest { register: "individual".into(), ..Default::default() }).refused("tenant-mismatch");
        }
        assert!(system.read(&reader, &stored, &["national_id"]).is_ok());
    }

    fn a_revoked_registry_is_refused_on_its_open_connection_too(system: &System) {
        let stolen = system.certificate(DEMO, "registry", "stolen");
        let grpc = system.grpc_with(Some(stolen.files()));
        grpc.rewrap_status(RewrapStatusRequest {}).good();
        let path = format!("/v1/officer/certificates/{}/revoke", stolen.serial());
        assert_eq!(system.officer("officer").post(&path, json!({})).status, 204);
        grpc.rewrap_status(RewrapStatusRequest {}).refused("certificate-refused");
        grpc.renew(RenewRequest { csr: Vec::new() }).refused("certificate-refused");
        let anew = system.grpc_with(Some(stolen.files())).rewrap_status(RewrapStatusRequest {});
        assert!(anew.result.is_err());
    }
}
