//! Keys: made, rotated, listed; the installation's own keys at its beginning.

mod create;
mod initialise;
mod jwks;
mod list;
mod make;
mod needs;
mod of_tenant;
mod root;
mod rotate;

pub use create::{NewKey, create};
pub use initialise::{initialise, initialise_tenant};
pub use jwks::jwks;
pub(crate) use jwks::transport_jwk as jwk;
pub use list::{list, show};
pub use needs::check_token;
pub use root::root_certificate;
pub use rotate::{Rotated, rotate};

pub(crate) use create::describe;
pub(crate) use make::{issue_under_root, make_version, seal_row, version_row};
pub(crate) use of_tenant::{Wanted, altered, missing};

/// Names of the keys that the installation itself has, in the pseudo-tenant [`km_domain::SYSTEM`].
pub mod names {
    pub const DATA_ROOT: &str = "data-root";
    pub const KEY_ROOT: &str = "key-root";
    pub const ROW_INTEGRITY: &str = "row-integrity";
    pub const SERVICE_ROOT: &str = "service-root";
    pub const EVIDENCE_ROOT: &str = "evidence-root";
    pub const BUSINESS_ROOT: &str = "business-root";
    pub const CHECKPOINT: &str = "checkpoint";
    pub const EVIDENCE_SIGNER: &str = "evidence-signer";
    /// Names of the keys that every tenant has.
    pub const KEK: &str = "kek";
    pub const INGEST: &str = "ingest";
    pub const INGEST_RSA: &str = "ingest-rsa";
    pub const ANSWER: &str = "answer";
    /// Name of a key that a tenant has from its first import on.
    pub const TRANSPORT: &str = "transport";
}
