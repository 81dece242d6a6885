//! What is done to one record on its way to the registry, in three parts: checked, what the token does for it, sealed.

use std::collections::HashMap;

use km_crypto::random;
use km_domain::{
    FieldName, RecordId, RegisterName, SecretBytes, TenantId, Timestamp,
    register::{IndexKind, RegisterDefinition, Unique},
};
use km_envelope::cose::SubjectKey;
use km_formats::{cbor, cose, json};
use km_personal::{IndexInput, NORMALISER_VERSION, Validated, generalised, index_inputs, validate};
use km_storage::{SubjectRow, TombstoneRow};
use serde_json::Value;

use super::{
    Refusal, SealedField, SealedRecord,
    incoming::Payload,
    seal::{Seal, Term},
};
use crate::{Key, OperationError, Operations};

/// What sealing one record needs besides the record.
pub struct Bench<'a> {
    pub operations: &'a Operations,
    pub tenant: &'a TenantId,
    pub definition: &'a RegisterDefinition,
    pub kek: &'a Key,
    pub index_keys: HashMap<(FieldName, IndexKind), &'a Key>,
    pub now: Timestamp,
}

/// A record that may be sealed.
pub struct Checked<'a> {
    pub payload: &'a Payload,
    pub subject: Option<&'a SubjectRow>,
    validated: Validated,
    inputs: Vec<IndexInput>,
}

/// What the token gives for one record.
pub struct InToken {
    row: SubjectRow,
    data_key: SecretBytes,
    terms: Vec<Term>,
}

/// Whether the record may be sealed as asked, and its fields keep the rules.
pub fn check<'a>(
    definition: &RegisterDefinition,
    payload: &'a Payload,
    subject: Option<&'a SubjectRow>,
    tombstone: Option<&TombstoneRow>,
) -> Result<Checked<'a>, Refusal> {
    if tombstone.is_some() {
        return Err(Refusal::new("record-erased", "the record was erased; its id is not used again"));
    }
    match subject {
        None if payload.base_version != 0 => {
            return Err(Refusal::new("version-conflict", "the record does not exist; create it with base_version 0"));
        }
        Some(_) if payload.base_version == 0 => return Err(Refusal::new("record-exists", "the record exists already")),
        Some(row) if row.version != i64::from(payload.base_version) => {
            return Err(Refusal::new("version-conflict", "the record has changed since it was read"));
        }
        _ => {}
    }
    if payload.schema != definition.schema {
        return Err(Refusal::new("schema-mismatch", "the register's definition has another version"));
    }
    let validated = validate(definition, &payload.fields).map_err(|faults| {
        let first = faults.into_iter().next();
        let (field, rule) = first.map(|fault| (fault.field, fault.rule)).unwrap_or_default();
        Refusal {
            code: "field-invalid",
            detail: format!("field {field}: {rule}"),
            field: Some(field),
            rule: Some(rule),
        }
    })?;
    Ok(Checked { payload, subject, inputs: index_inputs(definition, &validated), validated })
}

impl Bench<'_> {
    /// The subject key (a new person's is made, a known person's unwrapped), and terms under the newest index keys, for
    /// unique values under the older ones too.
    pub fn in_token(&self, checked: &Checked<'_>) -> Result<InToken, OperationError> {
        let store = &*self.operations.keys;
        let (row, data_key) = match checked.subject {
            Some(row) => {
                let kek = self.kek.that_wraps(row)?;
                (row.clone(), store.unwrap_data_key(&kek.stored, &row.wrapped)?)
            }
            None => {
                let kek = self.kek.current()?;
                let made = store.new_data_key(&kek.stored)?;
                (self.new_subject(checked.payload.record, kek.number, made.wrapped), made.plain)
            }
        };
        let terms = checked.inputs.iter().map(|input| self.terms(input)).collect::<Result<Vec<_>, _>>()?.concat();
        Ok(InToken { row, data_key, terms })
    }

    pub fn seal(&self, checked: &Checked<'_>, in_token: InToken) -> Result<(Seal, SubjectRow), OperationError> {
        let Checked { payload, validated, .. } = checked;
        let InToken { mut row, data_key, terms } = in_token;
        let version = payload.base_version + 1;
        // 1. Every value under a key of its own, tied to its place.
        let subject_key = SubjectKey::new(&data_key)?;
        let kid = format!("{}.1", payload.record);
        let fields = validated
            .personal
            .iter()
            .map(|(field, value)| {
                let aad = cose::record_aad(
                    self.tenant,
                    &self.definition.register,
                    &payload.record,
                    u64::from(version),
                    field,
                    self.definition.schema,
                );
                let plaintext = value.to_bytes();
                let sealed = subject_key.seal_field(kid.as_bytes(), &aad, plaintext.expose(), &random::bytes())?;
                Ok(SealedField { field: field.clone(), value: sealed })
            })
            .collect::<Result<Vec<_>, OperationError>>()?;
        // 2. What the registry may know in clear.
        let mut clear = validated.clear.clone();
        clear.extend(generalised(self.definition, validated));
        let clear = json::canonical(&Value::Object(clear))
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| OperationError::invalid("fields", "clear values must be finite"))?;
        let sealed = SealedRecord { record: payload.record, version, schema: self.definition.schema, fields, clear };
        row.previous = if version == 1 { Vec::new() } else { std::mem::take(&mut row.digest) };
        row.digest = sealed.digest().to_vec();
        row.version = i64::from(version);
        row.confirmed = 0;
        row.updated = self.now.micros();
        Ok((Seal { sealed, terms }, row))
    }

    fn new_subject(&self, record: RecordId, kek_version: u32, wrapped: Vec<u8>) -> SubjectRow {
        SubjectRow {
            tenant: self.tenant.to_string(),
            register: self.definition.register.to_string(),
            record: record.as_bytes().to_vec(),
            handle: random::bytes::<16>().to_vec(),
            kek_version: i64::from(kek_version),
            wrapped,
            version: 0,
            digest: Vec::new(),
            confirmed: 0,
            previous: Vec::new(),
            updated: self.now.micros(),
        }
    }

    /// A value that must be unique is compared with records whose terms are still under an older version: its terms are those
    /// of every live version. The registry stores the newest.
    fn terms(&self, input: &IndexInput) -> Result<Vec<Term>, OperationError> {
        let key = self
            .index_keys
            .get(&(input.field.clone(), input.rule.kind))
            .ok_or_else(|| OperationError::Unavailable("an index key is missing; run keymanager-svc init".into()))?;
        let of = |version| term(self.operations, self.tenant, &self.definition.register, input, version);
        match input.rule.unique {
            Unique::No => Ok(vec![of(key.current()?)?]),
            Unique::Warn | Unique::Refuse => key.live().map(of).collect(),
        }
    }
}

/// The term of one normalised value under one index key version.
pub(super) fn term(
    operations: &Operations,
    tenant: &TenantId,
    register: &RegisterName,
    input: &IndexInput,
    version: &crate::Version,
) -> Result<Term, OperationError> {
    let kind = input.rule.kind;
    let message =
        cbor::index_term_input(tenant, register, &input.field, kind.name(), NORMALISER_VERSION, input.value.expose());
    let mut term = operations.keys.mac(&version.stored, message.expose())?.to_vec();
    term.truncate(usize::from(input.rule.bits / 8));
    Ok(Term { field: input.field.clone(), kind, version: version.number, term, unique: input.rule.unique })
}
