//! Keys of readers and senders: enrolled with proof of possession, approved by an officer.

use km_domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/me/keys`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolKey {
    /// A P-256 public key as a JSON Web Key (RFC 7517).
    #[schema(value_type = Object)]
    pub jwk: serde_json::Value,
    /// A JWS by that key, `typ: sealkeep-enrol+jws`, over `sub`, `iss`, `iat` and `nonce`.
    pub proof: String,
}

/// An enrolled key, or one that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnrolledKey {
    /// The key's thumbprint (RFC 7638), its `kid` everywhere.
    pub id: String,
    pub state: EnrolmentState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub requested: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub decided: Option<Timestamp>,
}

/// `GET /v1/me/keys`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EnrolledKeys {
    pub keys: Vec<EnrolledKey>,
}

/// Where an enrolment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EnrolmentState {
    /// For an officer.
    Waiting,
    Active,
    Revoked,
}

/// `GET /v1/officer/enrolments`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Enrolments {
    pub enrolments: Vec<Enrolment>,
}

/// An enrolment as an officer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Enrolment {
    pub id: String,
    pub state: EnrolmentState,
    pub issuer: String,
    pub subject: String,
    #[schema(value_type = String, format = "date-time")]
    pub requested: Timestamp,
}

/// `POST /v1/officer/enrolments/{id}/approve`. No members.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveEnrolment {}
