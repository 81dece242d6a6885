//! What the service does of its own accord, each in a file: when, and which operation.

pub mod certificate;
pub mod checkpoint;
pub mod issuers;
pub mod keyring;
pub mod mosip;
pub mod mosip_lists;
pub mod revocation;
pub mod rewrap;
pub mod watch;
