//! Between the messages of `proto/` and the operations' types.

use km_domain::{RecordId, RegisterName};
use km_operations::{
    OperationError, log,
    records::{Refusal, SealedField, SealedRecord, Settlement, Term, unique_name},
};
use km_proto::v1;
use tonic::Status;

use super::Door;
use crate::grpc::peer::status_of;

pub fn malformed(member: &str, rule: &str) -> Status {
    status_of(&OperationError::invalid(member, rule))
}

pub fn record_id(text: &str) -> Result<RecordId, Status> {
    text.parse().map_err(|_| malformed("record", "must be a UUID in lower-case hyphenated form"))
}

pub fn settlement(said: &v1::Settlement) -> Result<Settlement, Status> {
    let side = |list: &[v1::RecordVersion]| {
        list.iter()
            .map(|entry| {
                let register: RegisterName =
                    entry.register.parse().map_err(|_| malformed("register", "must be a register's name"))?;
                Ok((register, record_id(&entry.record)?, entry.version))
            })
            .collect::<Result<Vec<_>, Status>>()
    };
    Ok(Settlement { confirmed: side(&said.confirmed)?, withdrawn: side(&said.withdrawn)? })
}

pub fn sealed_record(record: v1::SealedRecord) -> Result<SealedRecord, Status> {
    let fields = record
        .fields
        .into_iter()
        .map(|field| {
            let name = field.field.parse().map_err(|_| malformed("field", "must be a field's name"))?;
            Ok(SealedField { field: name, value: field.value })
        })
        .collect::<Result<Vec<_>, Status>>()?;
    Ok(SealedRecord {
        record: record_id(&record.record)?,
        version: record.version,
        schema: record.schema,
        fields,
        clear: record.clear,
    })
}

pub fn sealed_field(field: SealedField) -> v1::SealedField {
    v1::SealedField { field: field.field.to_string(), value: field.value }
}

pub fn term(term: Term) -> v1::IndexTerm {
    v1::IndexTerm {
        field: term.field.to_string(),
        kind: term.kind.name().to_owned(),
        version: term.version,
        term: term.term,
        unique: unique_name(term.unique).to_owned(),
    }
}

pub fn refusal(refusal: Refusal) -> v1::Refusal {
    v1::Refusal {
        code: refusal.code.to_owned(),
        detail: refusal.detail,
        field: refusal.field.unwrap_or_default(),
        rule: refusal.rule.unwrap_or_default(),
    }
}

impl Door {
    /// The newest checkpoint, for every answer.
    pub async fn newest_checkpoint(&self) -> Result<Option<v1::Checkpoint>, Status> {
        let newest = self.edge.ask(&self.edge.plain, log::newest).await.map_err(|error| status_of(&error))?;
        Ok(newest.map(|(size, note)| v1::Checkpoint { note, size }))
    }

    /// Settles what the registry says of earlier seals, if it says anything.
    pub async fn settle(
        &self,
        service: &km_domain::ServiceIdentity,
        said: Option<&v1::Settlement>,
    ) -> Result<(), Status> {
        let Some(said) = said.filter(|said| !said.confirmed.is_empty() || !said.withdrawn.is_empty()) else {
            return Ok(());
        };
        let (settlement, service) = (settlement(said)?, service.clone());
        let settled = self.edge.perform(&self.edge.plain, move |operations, _| {
            km_operations::records::settle(operations, &service, &settlement)
        });
        settled.await.map(|_| ()).map_err(|error| status_of(&error))
    }
}
