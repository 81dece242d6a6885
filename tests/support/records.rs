//! Records over gRPC as the registry would carry them: sealed, opened, found, erased. The registry of these tests keeps what
//! it was given in variables, so that a test can play a dishonest one.

use std::collections::BTreeMap;

use km_api::records::OpenedRecords;
use km_client::{
    Draft, OpenQuery, OpenRequest, Opened, RecordOutcome, SealedBatch, Statement, check_receipt, erase_request,
    find_request,
};
use km_domain::register::RegisterDefinition;
use km_domain::{FieldName, RecordId, RegisterName};
use km_proto::v1;
use serde_json::Value;

use crate::grpc::Called;
use crate::people::{Reader, definition};
use crate::{Grpc, System, now};

/// The register of most tests.
pub const REGISTER: &str = "individual";

pub fn register() -> RegisterName {
    REGISTER.parse().expect("a register's name")
}

pub fn fields(names: &[&str]) -> Vec<FieldName> {
    names.iter().map(|name| name.parse().expect("a field's name")).collect()
}

/// What the registry keeps of one version of a record.
#[derive(Debug, Clone)]
pub struct Stored {
    pub record: RecordId,
    pub version: u32,
    pub seal: v1::Seal,
}

impl Stored {
    /// As the registry supplies it to open.
    pub fn supplied(&self) -> v1::SealedRecord {
        v1::SealedRecord {
            record: self.record.to_string(),
            version: self.version,
            schema: self.seal.schema,
            fields: self.seal.fields.clone(),
            clear: self.seal.clear.clone(),
        }
    }
}

/// A batch as the message that the registry sends.
pub fn seal_message(register: &str, batch: &SealedBatch) -> v1::SealRecordRequest {
    let records = batch.records.iter().map(|named| v1::RecordVersion {
        register: register.to_owned(),
        record: named.record.to_string(),
        version: named.version,
    });
    let item = v1::SealItem { jwe: batch.jwe.clone(), records: records.collect() };
    v1::SealRecordRequest { register: register.to_owned(), items: vec![item], ..Default::default() }
}

impl System {
    /// The registry of the reader's tenant, forwarding the reader's token.
    pub fn registry_for(&self, reader: &Reader) -> Grpc {
        self.grpc(reader.tenant.as_str()).with_token(self.token(reader.who))
    }

    /// Seals one record as its client and registry would, and checks the receipt.
    #[track_caller]
    pub fn seal(&self, reader: &Reader, draft: &Draft) -> Stored {
        let (keys, definition) = (self.service_keys(&reader.tenant), definition(REGISTER));
        let sealer = reader.sealer(&keys, &definition);
        let batch = sealer.seal(draft, now()).expect("a record that keeps the rules");
        let answer = self.registry_for(reader).seal_record(seal_message(REGISTER, &batch)).good();
        let [result] = answer.results.try_into().expect("one result");
        let receipt = check_receipt(&answer.receipts[0], &sealer, &keys, &batch).expect("a receipt that holds");
        let seal = sealed(&result);
        assert_eq!((receipt.log_index, &receipt.records), (seal.log_index, &batch.records));
        Stored { record: draft.record, version: seal.version, seal }
    }

    /// A signed request of the reader to open fields of these records.
    #[track_caller]
    pub fn open_request(&self, reader: &Reader, records: &[RecordId], names: &[&str]) -> OpenRequest {
        let query = OpenQuery {
            register: register(),
            records: records.to_vec(),
            fields: fields(names),
            statement: Statement::of("service-delivery"),
            history: false,
        };
        OpenRequest::new(&reader.key, &reader.tenant, query, now()).expect("a request")
    }

    /// Sends a request with these records, and has the client check the answer.
    #[track_caller]
    pub fn open(&self, reader: &Reader, request: &OpenRequest, supplied: Vec<v1::SealedRecord>) -> Opened {
        let answer = self.registry_for(reader).open_record(open_message(&request.jws, supplied)).good();
        self.accept(reader, request, answer.answer).expect("an answer that the client believes")
    }

    /// The client's check of an answer.
    pub fn accept(
        &self,
        reader: &Reader,
        request: &OpenRequest,
        answer: String,
    ) -> Result<Opened, km_client::ClientError> {
        let keys = self.service_keys(&reader.tenant);
        request.accept(&reader.key, &keys, &OpenedRecords { answer: Some(answer), results: Vec::new() })
    }

    /// The values of one record's fields, or the code of its refusal.
    #[track_caller]
    pub fn read(&self, reader: &Reader, stored: &Stored, names: &[&str]) -> Result<BTreeMap<String, Value>, String> {
        let request = self.open_request(reader, &[stored.record], names);
        let mut opened = self.open(reader, &request, vec![stored.supplied()]);
        assert_eq!(opened.records.len(), 1);
        values(opened.records.remove(0).outcome)
    }

    /// Index terms of a search value.
    #[track_caller]
    pub fn terms(&self, reader: &Reader, field: &str, value: &Value) -> Vec<v1::IndexTerm> {
        let request = self.find_request(reader, &definition(REGISTER), field, value);
        self.registry_for(reader).index_terms(terms_message(&request)).good().terms
    }

    /// A signed request to find by this value.
    #[track_caller]
    pub fn find_request(&self, reader: &Reader, definition: &RegisterDefinition, field: &str, value: &Value) -> String {
        let keys = self.service_keys(&reader.tenant);
        let field = field.parse().expect("a field's name");
        let statement = Statement::of("service-delivery");
        find_request(&reader.key, keys.ingest(), &reader.tenant, definition, (&field, value), &statement, now())
            .expect("a request")
    }

    /// Asks to erase one record.
    pub fn ask_to_erase(&self, reader: &Reader, record: RecordId) -> Called<v1::EraseRecordResponse> {
        let statement = Statement::of("erasure-request");
        let request =
            erase_request(&reader.key, &reader.tenant, &register(), &[record], &statement, now()).expect("a request");
        self.registry_for(reader).erase_record(erase_message(&request, &[record]))
    }

    /// Erases one record; gives the certificate or the code of the refusal.
    #[track_caller]
    pub fn erase(&self, reader: &Reader, record: RecordId) -> Result<String, String> {
        let answer = self.ask_to_erase(reader, record).good();
        let [result] = answer.results.try_into().expect("one result");
        match result.outcome.expect("an outcome") {
            v1::erase_result::Outcome::Certificate(certificate) => Ok(certificate),
            v1::erase_result::Outcome::Refusal(refusal) => Err(refusal.code),
        }
    }
}

/// The values of an opened record, or the code of its refusal.
pub fn values(outcome: RecordOutcome) -> Result<BTreeMap<String, Value>, String> {
    match outcome {
        RecordOutcome::Values { values, .. } => {
            Ok(values.into_iter().map(|(name, value)| (name, value.expose().clone())).collect())
        }
        RecordOutcome::Refused(code) | RecordOutcome::NotBrought(code) => Err(code),
    }
}

pub fn open_message(request: &str, records: Vec<v1::SealedRecord>) -> v1::OpenRecordRequest {
    v1::OpenRecordRequest { register: REGISTER.to_owned(), request: request.to_owned(), records, settlement: None }
}

pub fn terms_message(request: &str) -> v1::IndexTermsRequest {
    v1::IndexTermsRequest { register: REGISTER.to_owned(), request: request.to_owned(), settlement: None }
}

pub fn erase_message(request: &str, records: &[RecordId]) -> v1::EraseRecordRequest {
    let records = records.iter().map(ToString::to_string).collect();
    v1::EraseRecordRequest { register: REGISTER.to_owned(), request: request.to_owned(), records }
}

/// The seal of a result that must be one.
#[track_caller]
pub fn sealed(result: &v1::SealResult) -> v1::Seal {
    match &result.outcome {
        Some(v1::seal_result::Outcome::Seal(seal)) => seal.clone(),
        other => panic!("not sealed: {other:?}"),
    }
}

/// The refusal of a result that must be one.
#[track_caller]
pub fn refusal(result: &v1::SealResult) -> v1::Refusal {
    match &result.outcome {
        Some(v1::seal_result::Outcome::Refusal(refusal)) => refusal.clone(),
        _ => panic!("sealed, and should have been refused: {}", result.record),
    }
}
