//! The digest that ties a record's sealed and clear values to its version.

use km_crypto::digest::Sha256;
use km_domain::{FieldName, RecordId};

/// One sealed value of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedField {
    pub field: FieldName,
    /// COSE_Encrypt0.
    pub value: Vec<u8>,
}

/// A record as the registry keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    pub record: RecordId,
    pub version: u32,
    pub schema: u32,
    pub fields: Vec<SealedField>,
    /// Clear attributes and generalised values: a JSON object in canonical form.
    pub clear: String,
}

impl SealedRecord {
    /// SHA-256 over version, schema, clear attributes and all sealed values in the order of their fields, each with its
    /// length before it. Anything altered, dropped, added or moved gives another digest.
    pub fn digest(&self) -> [u8; 32] {
        let mut fields: Vec<&SealedField> = self.fields.iter().collect();
        fields.sort_by(|a, b| a.field.cmp(&b.field));
        let mut digest = Sha256::new();
        digest.update(b"sealkeep/record/1");
        digest.update(self.record.as_bytes());
        digest.update(&self.version.to_be_bytes());
        digest.update(&self.schema.to_be_bytes());
        let mut part = |bytes: &[u8]| {
            digest.update(&(bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        };
        part(self.clear.as_bytes());
        for field in fields {
            part(field.field.as_str().as_bytes());
            part(&field.value);
        }
        digest.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> SealedRecord {
        let field = |name: &str, value: u8| SealedField { field: name.parse().unwrap(), value: vec![value; 3] };
        SealedRecord {
            record: RecordId::from_bytes([1; 16]),
            version: 2,
            schema: 1,
            fields: vec![field("a", 1), field("b", 2)],
            clear: "{}".into(),
        }
    }

    #[test]
    fn every_change_shows_and_order_does_not() {
        let whole = record().digest();
        let mut other = record();
        other.fields.reverse();
        assert_eq!(other.digest(), whole);
        let changes: [fn(&mut SealedRecord); 6] = [
            |r| r.version = 1,
            |r| r.schema = 2,
            |r| r.clear = "{\"x\":1}".into(),
            |r| drop(r.fields.pop()),
            |r| r.fields[0].value[0] ^= 1,
            |r| {
                let moved = r.fields[0].value.clone();
                r.fields[0].value = std::mem::replace(&mut r.fields[1].value, moved);
            },
        ];
        for change in changes {
            let mut altered = record();
            change(&mut altered);
            assert_ne!(altered.digest(), whole);
        }
    }
}
