//! What does not have the form of the messages is refused by member and rule, and never repeated.

use km_proto::v1;
use km_tests::on_both;
use km_tests::people::{draft, national_id};
use km_tests::records::{REGISTER, open_message};
use tonic::Status;

const CANARY: &str = "Amina-Diallo-canary";

fn named(register: &str, record: &str) -> v1::RecordVersion {
    v1::RecordVersion { register: register.into(), record: record.into(), version: 1 }
}

fn is_malformed(what: &str, result: Result<(), Status>, member: &str) {
    let status = result.expect_err(what);
    assert_eq!(km_tests::grpc::code_of(&status), "invalid-request", "{what}: {status:?}");
    assert!(status.message().contains(member) && !status.message().contains("canary"), "{what}: {status:?}");
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
}

on_both! {
    fn ids_and_names_must_have_their_one_spelling(system: &System) {
        let reader = system.reader("backend");
        let stored = system.seal(&reader, &draft(&national_id()));
        let (grpc, id) = (system.registry_for(&reader), stored.record.to_string());
        for record in [CANARY, "", &id.to_uppercase(), &id.replace('-', ""), &format!("{{{id}}}")] {
            let item = v1::SealItem { jwe: CANARY.into(), records: vec![named(REGISTER, record)] };
            let message = v1::SealRecordRequest { register: REGISTER.into(), items: vec![item], ..Default::default() };
            is_malformed("seal", grpc.seal_record(message).result.map(drop), "record");
            let supplied = v1::SealedRecord { record: record.into(), ..stored.supplied() };
            let message = open_message(CANARY, vec![supplied.clone()]);
            is_malformed("open", grpc.open_record(message).result.map(drop), "record");
            let message = v1::RecomputeTermsRequest { register: REGISTER.into(), records: vec![supplied] };
            is_malformed("recompute", grpc.recompute_terms(message).result.map(drop), "record");
        }
        let mut supplied = stored.supplied();
        supplied.fields[0].field = "Not A Field canary".into();
        is_malformed("field", grpc.open_record(open_message(CANARY, vec![supplied])).result.map(drop), "field");
        for bad in [named("Not A Register canary", &id), named(REGISTER, CANARY)] {
            let member = if bad.record == CANARY { "record" } else { "register" };
            let settlement = Some(v1::Settlement { confirmed: vec![bad], ..Default::default() });
            let message = v1::SealRecordRequest { settlement, ..Default::default() };
            is_malformed("settlement", grpc.seal_record(message).result.map(drop), member);
        }
        for register in [CANARY, "", "no-such-register"] {
            let item = v1::SealItem { jwe: CANARY.into(), records: vec![named(REGISTER, &id)] };
            let message = v1::SealRecordRequest { register: register.into(), items: vec![item], ..Default::default() };
            match grpc.seal_record(message).result {
                Ok(answer) => assert_eq!(km_tests::records::refusal(&answer.results[0]).code, "jwe-malformed"),
                Err(status) => assert_eq!(km_tests::grpc::code_of(&status), "register-unknown", "{status:?}"),
            }
        }
    }
}
