//! A sealed value: COSE_Encrypt0 (RFC 9052, section 5.2), untagged, A256GCM; protected header: algorithm and key id;
//! unprotected header: the nonce. There is one encoding of each value, and no other is read.

//!
//! Written and read here and not by a general CBOR library: a record has ten such values, and reading one into a tree and
//! writing it again to compare took longer than decrypting it. The tests hold both directions against `coset`.

use km_domain::{FieldName, RecordId, RegisterName, TenantId};

use crate::{
    FormatError,
    cbor::{Item, Reader, array},
};

/// Longest sealed value that is read.
pub const MAX_LENGTH: usize = 1024 * 1024;
const MAX_KID: usize = 256;
const TAG: usize = 16;
const REFUSED: FormatError =
    FormatError::new("the sealed value", "a COSE_Encrypt0 of the form that this program writes");

/// Array of three: protected header, unprotected header, ciphertext.
const MESSAGE: &[u8] = &[0x83];
/// Map of two: algorithm (1) A256GCM (3), key id (4).
const PROTECTED: &[u8] = &[0xa2, 0x01, 0x03, 0x04];
/// Map of one: IV (5), byte string of 12.
const UNPROTECTED: &[u8] = &[0xa1, 0x05, 0x4c];

/// The parts of a sealed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedValue<'a> {
    /// Id and version of the key from which the value's own key comes.
    pub kid: &'a [u8],
    pub iv: [u8; 12],
    /// Ciphertext and tag, one after the other.
    pub sealed: &'a [u8],
}

impl<'a> SealedValue<'a> {
    /// The bytes that are stored. Refused: a key id that is empty or longer than 256 bytes, a ciphertext without room
    /// for its tag, a value too long to be read back.
    pub fn encode(&self) -> Result<Vec<u8>, FormatError> {
        if self.kid.is_empty() || self.kid.len() > MAX_KID || self.sealed.len() < TAG {
            return Err(REFUSED);
        }
        let protected = Item::Bytes(&protected(self.kid)).to_bytes();
        let bytes = [MESSAGE, &protected, UNPROTECTED, &self.iv, &Item::Bytes(self.sealed).to_bytes()].concat();
        if bytes.len() <= MAX_LENGTH { Ok(bytes) } else { Err(REFUSED) }
    }

    /// Reads stored bytes. Refused: every byte string that [`SealedValue::encode`] would not write, so that neither
    /// another header parameter nor a second spelling of the same value passes.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_LENGTH {
            return Err(REFUSED);
        }
        Self::read(&mut Reader::new(bytes)).ok_or(REFUSED)
    }

    fn read(message: &mut Reader<'a>) -> Option<Self> {
        message.literal(MESSAGE)?;
        let mut protected = Reader::new(message.byte_string()?);
        protected.literal(PROTECTED)?;
        let kid = protected.byte_string()?;
        protected.end()?;
        message.literal(UNPROTECTED)?;
        let iv = message.take(12)?.try_into().ok()?;
        let sealed = message.byte_string()?;
        message.end()?;
        let fits = !kid.is_empty() && kid.len() <= MAX_KID && sealed.len() >= TAG;
        fits.then_some(Self { kid, iv, sealed })
    }
}

fn protected(kid: &[u8]) -> Vec<u8> {
    [PROTECTED, &Item::Bytes(kid).to_bytes()].concat()
}

/// The additional authenticated data of the encryption: the Enc_structure (RFC 9052, section 5.3) over the protected
/// header with this key id and the external data.
pub fn enc_structure(kid: &[u8], external_aad: &[u8]) -> Vec<u8> {
    array(&[Item::Text("Encrypt0"), Item::Bytes(&protected(kid)), Item::Bytes(external_aad)])
}

/// The external data that ties a value to its place: deterministic CBOR of `["sealkeep/1", tenant, register, record,
/// version, field, schema]`. Moved to any other place, the value does not open.
pub fn record_aad(
    tenant: &TenantId,
    register: &RegisterName,
    record: &RecordId,
    version: u64,
    field: &FieldName,
    schema: u32,
) -> Vec<u8> {
    array(&[
        Item::Text("sealkeep/1"),
        Item::Text(tenant.as_str()),
        Item::Text(register.as_str()),
        Item::Text(&record.to_string()),
        Item::Unsigned(version),
        Item::Text(field.as_str()),
        Item::Unsigned(u64::from(schema)),
    ])
}

#[cfg(test)]
#[path = "cose_tests.rs"]
mod tests;
