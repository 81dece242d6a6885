//! Records of a register, as `registry-svc` takes and gives them. No member here can hold a personal value: those
//! travel inside JWE only.

use km_domain::{RecordId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::problem::Problem;

/// `PUT /v1/registers/{register}/records/{id}` with `If-None-Match: *` or `If-Match: "N"`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutRecord {
    /// Compact JWE to the ingest key, `typ: sealkeep-record+jwe`, around the sender's JWS.
    pub jwe: String,
}

/// A record as stored; the version is the `ETag` too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoredRecord {
    #[schema(value_type = String, format = "uuid")]
    pub record: RecordId,
    pub version: u32,
    /// JWS by the answer key, `typ: sealkeep-receipt+jws`, over the sender's nonce.
    pub receipt: String,
    /// For example an identifier that another record has too, where the definition only warns.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// Something that the sender should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    #[schema(example = "not-unique")]
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// `POST /v1/registers/{register}/records`: many at once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRecords {
    #[serde(deserialize_with = "crate::batch::bounded")]
    #[schema(min_items = 1, max_items = 1000)]
    pub items: Vec<BulkItem>,
}

/// One JWE, around one record or many.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkItem {
    pub jwe: String,
    /// The records inside, in their order, with the version that each will have.
    #[serde(deserialize_with = "crate::batch::bounded")]
    #[schema(min_items = 1, max_items = 1000)]
    pub records: Vec<RecordVersion>,
}

/// One version of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordVersion {
    #[schema(value_type = String, format = "uuid")]
    pub record: RecordId,
    #[schema(minimum = 1)]
    pub version: u32,
}

/// The answer to a bulk request: one result a record, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BulkResults {
    pub results: Vec<BulkResult>,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BulkResult {
    #[schema(value_type = String, format = "uuid")]
    pub record: RecordId,
    pub status: BulkStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What became of one record, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BulkStatus {
    Created,
    Updated,
    /// The same version is there already: an import that was broken off is run again.
    Exists,
    Refused,
}

/// A request that the reader signed: the body of open, find and erase. The registry forwards it untouched.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedRequest {
    /// Compact JWS by the caller's enrolled key: `typ` sealkeep-open+jws, sealkeep-find+jws or sealkeep-erase+jws.
    pub request: String,
}

/// The answer to `POST …/records/{id}/open` and `POST …/records/open`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenedRecords {
    /// Compact JWE to the reader's key around a JWS by the answer key; absent where nothing was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    pub results: Vec<OpenResult>,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenResult {
    #[schema(value_type = String, format = "uuid")]
    pub record: RecordId,
    pub opened: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The answer to `POST …/records/find`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundRecords {
    pub records: Vec<RecordVersion>,
}

/// The answer to `GET …/records`: a page by clear attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecordPage {
    pub records: Vec<ListedRecord>,
    /// `cursor` of the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a list shows of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ListedRecord {
    #[schema(value_type = String, format = "uuid")]
    pub record: RecordId,
    pub version: u32,
    #[schema(value_type = String, format = "date-time")]
    pub created: Timestamp,
    #[schema(value_type = String, format = "date-time")]
    pub updated: Timestamp,
    /// Clear attributes and generalised values.
    #[schema(value_type = Object)]
    pub clear: Map<String, Value>,
}

/// The answer to `DELETE …/records/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErasedRecord {
    #[schema(value_type = String, format = "uuid")]
    pub record: RecordId,
    /// JWS under the evidence root: the certificate of erasure.
    pub certificate: String,
}
