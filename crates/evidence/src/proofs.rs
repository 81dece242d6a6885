//! `proofs.json`: that the events of the bundle stand in the log of the checkpoint, each at its place.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use km_audit::{
    range::{RangeProof, hashes},
    tree::Hash,
};
use serde::{Deserialize, Serialize};

pub const SCHEMA: &str = "sealkeep-proofs/1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    /// `sealkeep-proofs/1`.
    pub schema: String,
    /// The hashes left and right of the range: with the events they give the checkpoint's root, which is one proof of
    /// inclusion for all events together.
    pub inclusion: RangeProof,
    /// That the log before the range is a prefix of the log of the checkpoint; absent where the range begins at 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
    /// Leaf hashes of events that are not disclosed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
}

/// A consistency proof (RFC 9162, section 2.1.4). Whoever kept a checkpoint of that size compares its root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    pub size: u64,
    #[serde(with = "one_hash")]
    pub root: Hash,
    #[serde(with = "hashes")]
    pub hashes: Vec<Hash>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    pub index: u64,
    #[serde(with = "one_hash")]
    pub leaf_hash: Hash,
}

/// A hash in JSON: base64 with padding, as in a checkpoint.
mod one_hash {
    use serde::{Deserializer, Serializer, de::Error};

    use super::*;

    pub fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(hash))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let bytes = STANDARD.decode(String::deserialize(deserializer)?).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| D::Error::custom("a hash must be 32 bytes"))
    }
}
