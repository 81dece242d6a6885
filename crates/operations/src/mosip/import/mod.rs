//! An existing MOSIP Keymanager moved in: its keys, certificates and policies, one at a time, each as it was: alias, thumbprint, unique
//! identifier, times. A private key comes sealed to the tenant's transport key and is unwrapped in the token, never here. What was
//! taken in before is left as it is, so whoever was interrupted begins again.

mod alias;
mod inventory;
mod policy;
mod prove;
mod random_keys;
mod transport;
mod unfit;

pub use alias::{Incoming, IncomingKey, Taken, take_alias};
pub use inventory::{Held, Inventory, Trusted, inventory};
pub use policy::set_policy;
pub use prove::{Challenge, prove};
pub use random_keys::{random_key_transfer, take_random_keys};
pub use transport::{Transport, transport};

pub use km_crypto::transport::Sealed;
pub(super) use unfit::unfit;

use km_policy::Action;

use super::renew::rules;
use crate::{Caller, OperationError, Operations};

/// Only officers with a fresh second factor, and only those of the tenant that the dialect serves.
pub(super) fn admitted(operations: &Operations, caller: &Caller) -> Result<(), OperationError> {
    caller.may(Action::ImportKeys, operations.clock.now())?;
    if rules(operations)?.tenant == *caller.tenant() {
        return Ok(());
    }
    Err(OperationError::refused("tenant-mismatch", "the MOSIP dialect serves another tenant"))
}
