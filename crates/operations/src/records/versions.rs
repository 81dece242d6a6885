//! The versions that the registry supplied, held against what the key manager knows of them, and opened.

use km_crypto::constant_time;
use km_domain::{FieldName, RecordId, TenantId, register::Mask};
use km_envelope::cose::SubjectKey;
use km_formats::cose;
use km_keystore::in_turn;
use km_personal::SecretValue;
use km_storage::{SubjectId, SubjectRow};
use serde_json::{Map, Value};

use super::{Refusal, SealedRecord, request::Request};
use crate::{Caller, Keys, OperationError, Operations, keys::names, rules::Reading};

/// How much of one field the reader sees.
pub(super) struct Wanted {
    pub name: FieldName,
    pub reading: Reading,
    /// How a personal field is masked, where the register says; none for a clear field.
    pub personal: Option<Option<Mask>>,
}

/// What became of one record of the request: one version, or all of them from the newest down where history is asked for.
pub(super) struct Outcome {
    pub record: RecordId,
    /// None where there is no such record.
    pub subject: Option<SubjectRow>,
    pub versions: Vec<(Option<u32>, Result<Values, Refusal>)>,
}

/// The values of one version that the reader may see.
pub(super) struct Values {
    pub values: Vec<(FieldName, SecretValue)>,
    pub masked: Vec<FieldName>,
}

fn altered() -> Refusal {
    Refusal::new("record-altered", "the stored values are not those that were sealed")
}

/// Opens the records of the request, in its order.
pub(super) fn open_all(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    request: &Request,
    wanted: &[Wanted],
    supplied: &[SealedRecord],
) -> Result<Vec<Outcome>, OperationError> {
    let register = &request.register.register;
    let mut subjects = operations.storage.subjects(caller.tenant(), register, &request.records)?;
    let tombstones = operations.storage.tombstones(caller.tenant(), register, &request.records)?;
    // 1. Which of the supplied versions may be opened.
    let judged = request.records.iter().map(|record| {
        let Some(row) = subjects.remove(record) else {
            return Ok((*record, Err(tombstones.contains_key(record))));
        };
        let of_record: Vec<&SealedRecord> = supplied.iter().filter(|sealed| sealed.record == *record).collect();
        let judged = judge(operations, caller.tenant(), request, &row, &of_record)?;
        Ok((*record, Ok((row, judged))))
    });
    let judged = judged.collect::<Result<Vec<_>, OperationError>>()?;
    // 2. The subject keys of those, all in one go.
    let kek = keys.of_tenant(caller.tenant(), names::KEK)?;
    let data_keys = in_turn(&*operations.keys, || {
        let unwrap = |(_, known): &(RecordId, Result<(SubjectRow, Judged<'_>), bool>)| match known {
            Ok((row, judged)) if judged.iter().any(|(_, judged)| judged.is_ok()) => {
                Ok(Some(operations.keys.unwrap_data_key(&kek.that_wraps(row)?.stored, &row.wrapped)?))
            }
            _ => Ok(None),
        };
        judged.iter().map(unwrap).collect::<Result<Vec<_>, OperationError>>()
    })??;
    // 3. Opened.
    let outcomes = judged.into_iter().zip(data_keys).map(|((record, known), data_key)| {
        let (row, judged) = match known {
            Ok(known) => known,
            Err(is_erased) => return Ok(missing(record, is_erased)),
        };
        let data_key = data_key.map(|data_key| SubjectKey::new(&data_key)).transpose()?;
        let versions = judged.into_iter().map(|(version, judged)| {
            let opened = judged.and_then(|sealed| {
                let data_key = data_key.as_ref().ok_or_else(altered)?;
                open_version(caller.tenant(), request, wanted, sealed, data_key)
            });
            (version, opened)
        });
        let versions = versions.collect();
        Ok(Outcome { record, subject: Some(row), versions })
    });
    outcomes.collect()
}

fn missing(record: RecordId, is_erased: bool) -> Outcome {
    let refusal = match is_erased {
        true => Refusal::new("record-erased", "the record was erased; its subject key is destroyed"),
        false => Refusal::new("record-unknown", "there is no such record"),
    };
    Outcome { record, subject: None, versions: vec![(None, Err(refusal))] }
}

type Judged<'a> = Vec<(Option<u32>, Result<&'a SealedRecord, Refusal>)>;

/// Which of the supplied versions may be opened: the current one, or every one where history is asked for. Each must be as
/// it was sealed: all of its values, none altered, none from elsewhere.
fn judge<'a>(
    operations: &Operations,
    tenant: &TenantId,
    request: &Request,
    row: &SubjectRow,
    supplied: &[&'a SealedRecord],
) -> Result<Judged<'a>, OperationError> {
    let current = u32::try_from(row.version).unwrap_or_default();
    if !request.history {
        let judged = match supplied.first() {
            None => Err(Refusal::new("record-withheld", "the registry did not supply the record")),
            Some(sealed) if sealed.version != current => {
                Err(Refusal::new("stale-version", "the registry supplied another version than the current one"))
            }
            Some(sealed) => as_sealed(sealed, Some(&row.digest)),
        };
        return Ok(vec![(supplied.first().map(|sealed| sealed.version), judged)]);
    }
    let id = SubjectId { tenant: tenant.clone(), register: request.register.register.clone(), record: row.record()? };
    let judged = (1..=current).rev().map(|version| {
        let Some(sealed) = supplied.iter().find(|sealed| sealed.version == version) else {
            let withheld = Refusal::new("version-withheld", "the registry did not supply this version");
            return Ok((Some(version), Err(withheld)));
        };
        let judged = if version == current {
            as_sealed(sealed, Some(&row.digest))
        } else {
            as_sealed(sealed, operations.storage.earlier_digest(&id, version)?.as_deref())
        };
        Ok((Some(version), judged))
    });
    judged.collect()
}

fn as_sealed<'a>(sealed: &'a SealedRecord, digest: Option<&[u8]>) -> Result<&'a SealedRecord, Refusal> {
    match digest {
        Some(digest) if constant_time::equal(&sealed.digest(), digest) => Ok(sealed),
        _ => Err(altered()),
    }
}

fn open_version(
    tenant: &TenantId,
    request: &Request,
    wanted: &[Wanted],
    sealed: &SealedRecord,
    data_key: &SubjectKey,
) -> Result<Values, Refusal> {
    let definition = &request.register;
    let clear: Map<String, Value> = serde_json::from_str(&sealed.clear).map_err(|_| altered())?;
    let kid = format!("{}.1", sealed.record);
    let mut opened = Values { values: Vec::new(), masked: Vec::new() };
    for field in wanted {
        let Some(mask) = field.personal else {
            if let Some(value) = clear.get(field.name.as_str()) {
                opened.values.push((field.name.clone(), SecretValue::new(value.clone())));
            }
            continue;
        };
        let Some(stored) = sealed.fields.iter().find(|stored| stored.field == field.name) else { continue };
        let aad = cose::record_aad(
            tenant,
            &definition.register,
            &sealed.record,
            u64::from(sealed.version),
            &field.name,
            sealed.schema,
        );
        let bytes = data_key.open_field(kid.as_bytes(), &aad, &stored.value).map_err(|_| altered())?;
        let value = SecretValue::from_bytes(&bytes).ok_or_else(altered)?;
        let value = match (field.reading, mask) {
            (Reading::Whole, _) => value,
            (_, mask) => SecretValue::new(km_personal::mask(mask.unwrap_or(Mask::Hidden), value.expose())),
        };
        if field.reading == Reading::Masked {
            opened.masked.push(field.name.clone());
        }
        opened.values.push((field.name.clone(), value));
    }
    Ok(opened)
}
