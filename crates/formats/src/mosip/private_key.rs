//! A base key's private half as an old database keeps it (`key_store.private_key`): PKCS#8, sealed in layout B without thumbprint
//! and AAD to the master key that its row names.

use super::{gcm::GcmParts, payload::SealedPayload};
use crate::{FormatError, base64url};

/// What stands in the column where there is no private key: the certificate is another party's.
pub const FOREIGN: &str = "NA";

/// The column read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrivateKeyColumn {
    /// Only a certificate is kept.
    Foreign,
    /// To be taken apart with [`parts`].
    Sealed(Vec<u8>),
}

impl PrivateKeyColumn {
    /// Refused: what is neither [`FOREIGN`] nor base64.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        match text.trim() {
            FOREIGN => Ok(Self::Foreign),
            text => base64url::decode(text).map(Self::Sealed),
        }
    }
}

/// The key that the master key opens, and what that key opens: a PKCS#8 document. Refused: bytes of another form, and such as
/// name a certificate or a version, which wrapped private keys never do.
pub fn parts(bytes: &[u8]) -> Result<(&[u8], GcmParts<'_>), FormatError> {
    let sealed = SealedPayload::parse(bytes)?;
    if sealed.versioned || sealed.thumbprint.is_some() {
        return Err(FormatError::new("the private key", "wrapped by a master key"));
    }
    Ok((sealed.wrapped_key, sealed.parts(None, None)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosip::payload::SPLITTER;

    #[test]
    fn its_parts() {
        let bytes = [&[1; 256][..], SPLITTER, &[2; 100], &[3; 16]].concat();
        let column = PrivateKeyColumn::parse(&base64url::encode(&bytes)).unwrap();
        assert_eq!(column, PrivateKeyColumn::Sealed(bytes.clone()));
        let (wrapped, sealed) = parts(&bytes).unwrap();
        assert_eq!(wrapped, [1; 256]);
        assert_eq!((sealed.iv, sealed.aad, sealed.sealed), (&[3; 16][..], &[][..], &[2; 100][..]));
    }

    #[test]
    fn other_contents() {
        assert_eq!(PrivateKeyColumn::parse("NA"), Ok(PrivateKeyColumn::Foreign));
        assert!(PrivateKeyColumn::parse("N*A").is_err() && PrivateKeyColumn::parse("é").is_err());
        assert!(parts(&[0; 300]).is_err(), "no splitter");
        assert!(parts(&[&[1; 256][..], SPLITTER, &[0; 31]].concat()).is_err(), "no room for tag and nonce");
        assert!(parts(&[&[1; 288][..], SPLITTER, &[0; 40]].concat()).is_err(), "a thumbprint");
        assert!(parts(&[b"VER_R2", &[1; 256][..], SPLITTER, &[0; 60]].concat()).is_err(), "a version");
    }
}
