//! Sealing on the client: records signed with the sender's key and encrypted to the ingest key.

use km_api::records::RecordVersion;
use km_domain::{RecordId, SecretBytes, TenantId, Timestamp, register::RegisterDefinition};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ClientError, IngestKey, KeyFile, ServiceKeys, jose, statement::nonce};

const INNER: &str = "sealkeep-record+jws";
const OUTER: &str = "sealkeep-record+jwe";
const RECEIPT: &str = "sealkeep-receipt+jws";

/// A record that is to be sealed.
pub struct Draft {
    pub record: RecordId,
    /// The version that it follows; 0 creates the record.
    pub base_version: u32,
    /// Personal and clear fields together: the key manager gives the registry the clear ones, so that nobody can alter
    /// them on the way.
    pub fields: Map<String, Value>,
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.fields.values_mut().for_each(km_personal::wipe);
    }
}

/// One JWE, ready to be sent, and what is known of the records inside, in order.
pub struct SealedBatch {
    pub jwe: String,
    /// With the version that the seal makes of each.
    pub records: Vec<RecordVersion>,
    /// The receipt must repeat it. Records under one signature share it.
    pub nonce: String,
}

/// Who seals, to which key, for which register.
pub struct Sealer<'a> {
    pub key: &'a KeyFile,
    pub ingest: &'a IngestKey,
    pub tenant: &'a TenantId,
    pub definition: &'a RegisterDefinition,
}

#[derive(Serialize)]
struct Payload<'a> {
    tenant: &'a TenantId,
    register: &'a str,
    record: RecordId,
    base_version: u32,
    schema: u32,
    iat: i64,
    nonce: &'a str,
    fields: &'a Map<String, Value>,
}

impl Sealer<'_> {
    /// One record in one JWE. Its fields are checked first; the error lists every fault by field and rule.
    pub fn seal(&self, draft: &Draft, now: Timestamp) -> Result<SealedBatch, ClientError> {
        km_personal::validate(self.definition, &draft.fields).map_err(ClientError::Fields)?;
        let nonce = nonce();
        let payload = bytes(&self.payload(draft, &nonce, now));
        self.finish(&payload, Some(draft.record), std::slice::from_ref(draft), nonce)
    }

    /// Many records under one signature in one JWE, at most 1000. The caller has checked their fields.
    pub fn seal_bulk(&self, drafts: &[Draft], now: Timestamp) -> Result<SealedBatch, ClientError> {
        let nonce = nonce();
        let payloads: Vec<_> = drafts.iter().map(|draft| self.payload(draft, &nonce, now)).collect();
        self.finish(&bytes(&payloads), None, drafts, nonce)
    }

    fn payload<'a>(&'a self, draft: &'a Draft, nonce: &'a str, now: Timestamp) -> Payload<'a> {
        Payload {
            tenant: self.tenant,
            register: self.definition.register.as_str(),
            record: draft.record,
            base_version: draft.base_version,
            schema: self.definition.schema,
            iat: now.seconds(),
            nonce,
            fields: &draft.fields,
        }
    }

    fn finish(
        &self,
        payload: &SecretBytes,
        record: Option<RecordId>,
        drafts: &[Draft],
        nonce: String,
    ) -> Result<SealedBatch, ClientError> {
        let signed = SecretBytes::new(jose::sign(self.key, INNER, payload.expose())?.into_bytes());
        let register = Some(self.definition.register.clone());
        let head = jose::Head { typ: OUTER, cty: Some("JWT"), register, record };
        let version = |draft: &Draft| draft.base_version.saturating_add(1);
        let records =
            drafts.iter().map(|draft| RecordVersion { record: draft.record, version: version(draft) }).collect();
        Ok(SealedBatch { jwe: jose::seal(self.ingest, head, signed.expose())?, records, nonce })
    }
}

fn bytes<T: Serialize>(payload: &T) -> SecretBytes {
    // Maps of Values always serialise.
    SecretBytes::new(serde_json::to_vec(payload).unwrap_or_default())
}

/// What the key manager certifies: these versions of these records were sealed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Receipt {
    pub tenant: TenantId,
    pub register: String,
    pub records: Vec<RecordVersion>,
    pub nonce: String,
    pub log_index: u64,
}

/// Checks that a receipt is the key manager's and is for this very batch; returns the records that it certifies.
pub fn check_receipt(
    receipt: &str,
    sealer: &Sealer<'_>,
    keys: &ServiceKeys,
    batch: &SealedBatch,
) -> Result<Receipt, ClientError> {
    let payload = jose::verify(keys, RECEIPT, receipt)?;
    let receipt: Receipt = serde_json::from_slice(payload.expose())
        .map_err(|_| ClientError::NotProven("the receipt is not of the expected shape"))?;
    let fits = receipt.tenant == *sealer.tenant
        && receipt.register == sealer.definition.register.as_str()
        && receipt.nonce == batch.nonce
        && receipt.records.iter().all(|record| batch.records.contains(record));
    if fits { Ok(receipt) } else { Err(ClientError::NotProven("the receipt is for another batch")) }
}

#[cfg(test)]
mod tests {
    use km_envelope::{jwe as sealed, jws as signed};
    use km_formats::{jwe, jws};
    use serde_json::json;

    use super::*;

    const RECORD: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn draft(fields: Value) -> Draft {
        Draft { record: RECORD.parse().unwrap(), base_version: 0, fields: fields.as_object().unwrap().clone() }
    }

    #[test]
    fn a_batch_opens_to_what_the_contract_says_and_its_receipt_is_checked() {
        let [sender, ingest, answer] = [(); 3].map(|()| KeyFile::generate().unwrap());
        let keys = ServiceKeys::of_test(&ingest, &answer);
        let definition =
            RegisterDefinition::from_json(include_str!("../../../deploy/registers/individual.json")).unwrap();
        let tenant: TenantId = "demo".parse().unwrap();
        let sealer = Sealer { key: &sender, ingest: keys.ingest(), tenant: &tenant, definition: &definition };
        let now = Timestamp::from_seconds(1_700_000_000);
        let batch = sealer.seal_bulk(&[draft(json!({"display_name": "ሰላም"}))], now).ok().unwrap();

        let outer = jwe::parse(&batch.jwe).unwrap();
        assert_eq!(outer.header.register, Some(definition.register.clone()));
        let inner = sealed::open(&outer, ingest.stored(), &ingest).unwrap();
        let inner = jws::parse(inner.expose()).unwrap();
        inner.expect_typ(INNER).unwrap();
        signed::verify(&inner, sender.public()).unwrap();
        let payload: Value = serde_json::from_slice(inner.payload.expose()).unwrap();
        assert_eq!(
            payload,
            json!([{"tenant": "demo", "register": "individual", "record": RECORD, "base_version": 0, "schema": 1,
                    "iat": 1_700_000_000, "nonce": batch.nonce, "fields": {"display_name": "ሰላም"}}])
        );

        let mut receipt = json!({"tenant": "demo", "register": "individual", "nonce": batch.nonce, "log_index": 1,
                                 "records": [{"record": RECORD, "version": 1}], "iat": 1});
        let sign = |payload: &Value| {
            signed::sign(&answer, answer.stored(), "answer.1", RECEIPT, payload.to_string().as_bytes()).unwrap()
        };
        assert!(check_receipt(&sign(&receipt), &sealer, &keys, &batch).is_ok());
        receipt["records"][0]["version"] = json!(2);
        assert!(check_receipt(&sign(&receipt), &sealer, &keys, &batch).is_err());
    }

    #[test]
    fn a_record_that_breaks_a_rule_is_not_sealed() {
        let [sender, ingest] = [(); 2].map(|()| KeyFile::generate().unwrap());
        let keys = ServiceKeys::of_test(&ingest, &ingest);
        let definition =
            RegisterDefinition::from_json(include_str!("../../../deploy/registers/individual.json")).unwrap();
        let tenant: TenantId = "demo".parse().unwrap();
        let sealer = Sealer { key: &sender, ingest: keys.ingest(), tenant: &tenant, definition: &definition };
        let bad = draft(json!({"display_name": "x", "birth_date": "CANARY"}));
        let error = sealer.seal(&bad, Timestamp::from_seconds(1)).err().unwrap().to_string();
        assert!(error.contains("birth_date") && !error.contains("CANARY"));
    }
}
