//! One version of the key of an application id and a reference id.

use km_domain::{KeyVersionRef, Timestamp};
use km_envelope::mosip::identifiers::UniqueIdentifier;
use km_storage::MosipAliasRow;
use km_x509::Certificate;

use super::{Fault, KeyName};
use crate::{Keys, OperationError, Version};

/// An alias row, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    pub name: KeyName,
    pub kind: Kind,
    pub generated: Timestamp,
    pub expires: Timestamp,
    /// SHA-256 of the certificate.
    pub thumbprint: Option<[u8; 32]>,
    /// The text that `kid` and `keyId` are, without a prefix.
    pub kid: Option<String>,
    pub certificate: Option<Certificate>,
    /// Where the private key is; none of a foreign certificate.
    pub key: Option<KeyVersionRef>,
    pub row: MosipAliasRow,
}

/// What kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Signs, and issues what is below it.
    Master,
    /// Others encrypt to it.
    Base,
    /// Somebody else's certificate.
    Foreign,
    /// An AES key.
    Symmetric,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Master, Self::Base, Self::Foreign, Self::Symmetric];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Base => "base",
            Self::Foreign => "foreign",
            Self::Symmetric => "symmetric",
        }
    }
}

impl Alias {
    /// An alias from its row; none where a column makes no sense.
    pub(super) fn of(row: MosipAliasRow) -> Option<Self> {
        let certificate = match row.certificate.as_slice() {
            [] => None,
            der => Some(Certificate::from_der(der).ok()?),
        };
        let thumbprint = certificate.as_ref().map(|certificate| km_crypto::digest::sha256(&certificate.der));
        let is_its_own = thumbprint.as_ref().map(thumbprint_text).unwrap_or_default() == row.thumbprint;
        let key = match row.key_id.as_str() {
            "" => None,
            id => Some(KeyVersionRef { key: id.parse().ok()?, version: u32::try_from(row.version).ok()? }),
        };
        is_its_own.then_some(Self {
            name: KeyName { application: row.application.clone(), reference: row.reference.clone() },
            kind: Kind::ALL.into_iter().find(|kind| kind.name() == row.kind)?,
            generated: Timestamp::from_micros(row.generated),
            expires: Timestamp::from_micros(row.expires),
            thumbprint,
            kid: match &row.unique_id {
                Some(unique) => Some(UniqueIdentifier::parse(unique)?.key_id()),
                None => None,
            },
            certificate,
            key,
            row,
        })
    }

    /// The certificate of a key that has one.
    pub fn certified(&self) -> Result<&Certificate, OperationError> {
        self.certificate.as_ref().ok_or(OperationError::Mosip(Fault::CertificateMalformed))
    }

    /// The version of ours that holds the private key.
    pub fn version<'a>(&self, keys: &'a Keys, tenant: &km_domain::TenantId) -> Option<&'a Version> {
        let at = self.key.as_ref()?;
        keys.key(tenant, at.key.as_str())?.versions.get(&at.version)
    }
}

/// A thumbprint as the dialect's tables hold it.
pub(super) fn thumbprint_text(thumbprint: &[u8; 32]) -> String {
    km_formats::mosip::identifiers::upper_hex(thumbprint)
}
