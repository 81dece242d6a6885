//! The audit log: checkpoints, proofs, reading, and the registry's part in it.

mod append;
mod checkpoint;
mod cosign;
mod proof;
mod read;
mod reconcile;
mod refusal;
mod writable;

pub use append::{RegistryEvent, append};
pub use checkpoint::{checkpoint, extends, newest, signer};
pub use cosign::cosign;
pub use proof::{consistency, inclusion};
pub use read::{LogPage, read};
pub use reconcile::reconcile;
pub use refusal::refused_at_the_door;
pub use writable::writable;
