//! The use cases of the key manager, one file each. Every door (REST, officers', gRPC) calls these and nothing else.
//!
//! A use case is a free function over [`Operations`]. It checks who asks, does the work, and returns an
//! [`Unrecorded`](km_storage::Unrecorded) outcome: nobody can see it before the commit thread has made its event durable.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod caller;
mod error;
mod keyring;
mod rules;

pub mod certificates;
pub mod exports;
pub mod idempotency;
pub mod keys;
pub mod log;
pub mod messages;
pub mod mosip;
pub mod readers;
pub mod records;
pub mod tenants;

pub use caller::{Caller, system_event};
pub use error::OperationError;
pub use keyring::{IndexTarget, Key, Keyring, Keys, Version, VersionCertificates};
pub use km_policy::PurposeRules;
pub use rules::{Budgets, Rules};

use std::sync::Arc;

use km_domain::Clock;
use km_keystore::KeyStore;
use km_storage::{Committer, Storage, Unrecorded};

/// What every use case works with. Five things and no methods.
pub struct Operations {
    pub storage: Storage,
    pub keys: Arc<dyn KeyStore>,
    pub keyring: Keyring,
    pub rules: Rules,
    pub clock: Arc<dyn Clock>,
}

/// What a use case returns: an outcome that must be recorded before anyone may see it.
pub type Operation<T> = Unrecorded<Result<T, OperationError>>;

/// Where an operation of several steps commits each of them; held by jobs and commands, never by a request.
pub type Record = Committer;
