//! RecomputeTerms: index terms of sealed records under the newest index keys, for the rotation of index keys. The values
//! are opened here and nowhere else, and only terms leave.

use km_audit::EventKind;
use km_crypto::constant_time;
use km_domain::{RecordId, RegisterName, ServiceIdentity, TenantId, register::RegisterDefinition};
use km_envelope::cose::SubjectKey;
use km_formats::cose;
use km_personal::{SecretValue, index_inputs_of};
use km_storage::{SubjectRow, Unrecorded};

use super::{Refusal, SealedRecord, Term, sealing::term};
use crate::{
    Keys, Operation, OperationError, Operations,
    caller::{refused, service_event},
    keys::names,
};

/// Terms of one record's current version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecomputedTerms {
    pub record: RecordId,
    pub version: u32,
    pub outcome: Result<Vec<Term>, Refusal>,
}

/// Recomputes all terms of these records.
pub fn recompute(
    operations: &Operations,
    service: &ServiceIdentity,
    register: &str,
    records: &[SealedRecord],
) -> Operation<Vec<RecomputedTerms>> {
    let keys = operations.keyring.keys();
    let mut event = service_event(operations, EventKind::RecordTermsRecomputed, service);
    event.register = register.parse().ok();
    event.count = records.len() as u64;
    match compute(operations, &keys, &service.tenant, register, records) {
        Ok(results) => Unrecorded::new(Ok(results), event).checked_at(keys.epoch),
        Err(error) => {
            let event = refused(event, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

fn compute(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    register: &str,
    records: &[SealedRecord],
) -> Result<Vec<RecomputedTerms>, OperationError> {
    let unknown = OperationError::refused("register-unknown", "there is no such register");
    let register: RegisterName = register.parse().map_err(|_| unknown.clone())?;
    let definition = operations.rules.register(&register).ok_or(unknown)?;
    let ids: Vec<RecordId> = records.iter().map(|sealed| sealed.record).collect();
    let subjects = operations.storage.subjects(tenant, &register, &ids)?;
    records
        .iter()
        .map(|sealed| {
            let outcome = match subjects.get(&sealed.record) {
                Some(row) => terms_of(operations, keys, tenant, definition, row, sealed)?,
                None => Err(Refusal::new("record-unknown", "there is no such record")),
            };
            Ok(RecomputedTerms { record: sealed.record, version: sealed.version, outcome })
        })
        .collect()
}

fn terms_of(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    definition: &RegisterDefinition,
    row: &SubjectRow,
    sealed: &SealedRecord,
) -> Result<Result<Vec<Term>, Refusal>, OperationError> {
    let altered = || Refusal::new("record-altered", "the stored values are not those that were sealed");
    if i64::from(sealed.version) != row.version || !constant_time::equal(&sealed.digest(), &row.digest) {
        return Ok(Err(altered()));
    }
    let kek = keys.of_tenant(tenant, names::KEK)?;
    let data_key = SubjectKey::new(&operations.keys.unwrap_data_key(&kek.that_wraps(row)?.stored, &row.wrapped)?)?;
    let kid = format!("{}.1", sealed.record);
    let mut terms = Vec::new();
    for (target, key) in keys.index_keys(tenant, &definition.register) {
        let Some(stored) = sealed.fields.iter().find(|stored| stored.field == target.field) else { continue };
        let aad = cose::record_aad(
            tenant,
            &definition.register,
            &sealed.record,
            u64::from(sealed.version),
            &target.field,
            sealed.schema,
        );
        let Ok(bytes) = data_key.open_field(kid.as_bytes(), &aad, &stored.value) else {
            return Ok(Err(altered()));
        };
        let Some(value) = SecretValue::from_bytes(&bytes) else { return Ok(Err(altered())) };
        for input in index_inputs_of(definition, &target.field, &value) {
            if input.rule.kind == target.kind {
                terms.push(term(operations, tenant, &definition.register, &input, key.current()?)?);
            }
        }
    }
    Ok(Ok(terms))
}
