//! What a program of a registry backend, a caseworker or an officer does: get a token, enrol a key, sign and seal records, ask for
//! records and check every answer. Plaintext exists here and in the key zone only.
//!
//! [`Session`] is where to begin.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod endpoints;
mod enrol;
mod erase;
mod erasure;
mod error;
mod file_digest;
mod find;
mod http;
mod jose;
mod key_file;
mod key_manager;
mod login;
mod loopback;
mod open;
mod published_key;
mod registry;
mod seal;
mod service_keys;
mod session;
mod statement;
mod token;

pub use endpoints::{Endpoints, Identity};
pub use enrol::{Holder, enrolment};
pub use erase::erase_request;
pub use erasure::{Erasure, check_erasure};
pub use error::ClientError;
pub use file_digest::file_digest;
pub use find::{find_request, is_answer_to};
pub use http::{Answer, Call, Http};
pub use jose::SignedAnswer;
pub use key_file::KeyFile;
pub use key_manager::KeyManager;
pub use login::{BrowserLogin, forget_login, keep_login};
pub use open::{Certified, OpenQuery, OpenRequest, Opened, OpenedRecord, RecordOutcome};
pub use published_key::{PublishedKey, signature_for_stock_tools, signature_of_stock_tools};
pub use registry::Registry;
pub use seal::{Draft, Receipt, SealedBatch, Sealer, check_receipt};
pub use service_keys::{IngestKey, ServiceKeys};
pub use session::{FoundRecord, FoundRecords, Session};
pub use statement::{Statement, new_record_id};
pub use token::TokenSource;

/// Reads one JSON text that has one meaning for every reader: no member twice, at most 32 levels deep, UTF-8. None: it is not
/// such a text.
pub fn strict_json(bytes: &[u8]) -> Option<serde_json::Value> {
    km_formats::json::strict(bytes).ok()
}
