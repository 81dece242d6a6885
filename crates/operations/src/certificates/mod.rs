//! Certificates under the service root: invitation, first enrolment, renewal, the key manager's own, revocation.

mod enrol;
mod invite;
mod own;
mod revoke;

pub use enrol::{enrol, renew};
pub use invite::{Invitation, invite};
pub use own::own;
pub use revoke::{revocation_list, revoke};

/// An issued chain: DER, leaf first, and the root apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    pub chain: Vec<Vec<u8>>,
    pub root: Vec<u8>,
}
