//! The trust stores of an existing MOSIP Keymanager moved in: officers' calls.

use km_domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Base64Url;

/// A certificate of an authority or a partner that is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MosipTrusted {
    pub id: String,
    pub domain: String,
    /// SHA-256 of the certificate in upper-case hexadecimal.
    pub thumbprint: String,
}

/// `POST /v1/officer/mosip/authorities`: an authority as its source has it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportAuthority {
    pub id: String,
    pub domain: String,
    /// DER.
    pub certificate: Base64Url,
    #[schema(value_type = String, format = "date-time")]
    pub created: Timestamp,
}

/// `POST /v1/officer/mosip/partners`: a partner as its source has it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportPartner {
    pub id: String,
    pub domain: String,
    pub organization: String,
    /// The partner's own, DER.
    pub certificate: Base64Url,
    /// The one that the source issued for the same key, DER; or the partner's own again.
    pub issued: Base64Url,
    #[schema(value_type = String, format = "date-time")]
    pub created: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateImported {
    pub id: String,
    pub outcome: CertificateOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateOutcome {
    Imported,
    /// It was there.
    Unchanged,
}
