//! A sealed value: COSE_Encrypt0 (RFC 9052, section 5.2), untagged, A256GCM; protected header: algorithm and key id;
//! unprotected header: the nonce. There is one encoding of each value, and no other is read.

use coset::{
    CborSerializable, CoseEncrypt0, CoseEncrypt0Builder, EncryptionContext, Header, HeaderBuilder, ProtectedHeader,
    enc_structure_data, iana,
};
use km_domain::{FieldName, RecordId, RegisterName, TenantId};

use crate::{
    FormatError,
    cbor::{Item, array},
};

/// Longest sealed value that is read.
pub const MAX_LENGTH: usize = 1024 * 1024;
const MAX_KID: usize = 256;
const TAG: usize = 16;
const REFUSED: FormatError =
    FormatError::new("the sealed value", "a COSE_Encrypt0 of the form that this program writes");

/// The parts of a sealed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// Id and version of the key from which the value's own key comes.
    pub kid: Vec<u8>,
    pub iv: [u8; 12],
    /// Ciphertext and tag, one after the other.
    pub sealed: Vec<u8>,
}

impl SealedValue {
    /// The bytes that are stored. Refused: a key id that is empty or longer than 256 bytes, a ciphertext without room
    /// for its tag, a value too long to be read back.
    pub fn encode(&self) -> Result<Vec<u8>, FormatError> {
        if self.kid.is_empty() || self.kid.len() > MAX_KID || self.sealed.len() < TAG {
            return Err(REFUSED);
        }
        let message = CoseEncrypt0Builder::new()
            .protected(protected(&self.kid))
            .unprotected(HeaderBuilder::new().iv(self.iv.to_vec()).build())
            .ciphertext(self.sealed.clone())
            .build();
        message.to_vec().ok().filter(|bytes| bytes.len() <= MAX_LENGTH).ok_or(REFUSED)
    }

    /// Reads stored bytes. Refused: every byte string that [`SealedValue::encode`] would not write, so that neither
    /// another header parameter nor a second spelling of the same value passes.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_LENGTH {
            return Err(REFUSED);
        }
        let message = CoseEncrypt0::from_slice(bytes).map_err(|_| REFUSED)?;
        let iv = message.unprotected.iv.try_into().map_err(|_| REFUSED)?;
        let value = Self { kid: message.protected.header.key_id, iv, sealed: message.ciphertext.ok_or(REFUSED)? };
        if value.encode()? == bytes { Ok(value) } else { Err(REFUSED) }
    }
}

/// The additional authenticated data of the encryption: the Enc_structure (RFC 9052, section 5.3) over the protected
/// header with this key id and the external data.
pub fn enc_structure(kid: &[u8], external_aad: &[u8]) -> Vec<u8> {
    let protected = ProtectedHeader { original_data: None, header: protected(kid) };
    enc_structure_data(EncryptionContext::CoseEncrypt0, protected, external_aad)
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

fn protected(kid: &[u8]) -> Header {
    HeaderBuilder::new().algorithm(iana::Algorithm::A256GCM).key_id(kid.to_vec()).build()
}

#[cfg(test)]
#[path = "cose_tests.rs"]
mod tests;
