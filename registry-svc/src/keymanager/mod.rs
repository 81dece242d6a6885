//! The key manager, as the registry sees it: a gRPC client that forwards the caller's token, and a witness of its log.
//! No answer is passed on before the checkpoint that came with it has been checked.

mod certificates;
mod enrolment;
mod fault;
mod link;
mod log;
mod records;
mod witness;

use std::sync::Arc;

pub use enrolment::enrol;
pub use fault::{KeyManagerError, Refusal};
pub use link::{Behalf, Link};
pub use log::event;
pub use witness::{LogKeySource, Seen, Witness};

/// The key manager. Clones share the connection and what has been witnessed.
#[derive(Clone)]
pub struct KeyManager {
    link: Arc<Link>,
    witness: Arc<Witness>,
}

impl KeyManager {
    pub fn new(link: Link, witness: Witness) -> Self {
        Self { link: Arc::new(link), witness: Arc::new(witness) }
    }

    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// Dials anew from the next call on, so that a renewed certificate is shown.
    pub fn reconnect(&self) {
        self.link.reconnect();
    }
}
