//! Keys of readers and senders: enrolled by their holders at the key manager's own listener, approved by an officer.

mod approve;
mod enrol;

pub use approve::{approve, waiting};
pub use enrol::{EnrolledKey, KeyStanding, enrol, own};
