//! What the registry does, one use case a file. Each reads: may the caller, what is there, ask the key manager, store,
//! answer. None of them ever holds a personal value.

pub mod announce;
mod caller;
pub mod definitions;
pub mod envelope;
pub mod erase;
pub mod find;
pub mod list;
pub mod open;
pub mod recompute_terms;
pub mod refuse;
pub mod seal;
pub mod sealing;
pub mod settle;
mod signed_request;
pub mod status;
mod wire;

use std::sync::Arc;

use km_domain::{Clock, RegisterName, TenantId};
use km_policy::Action;

pub use caller::Caller;
use definitions::{Definition, Definitions};

use crate::{
    error::RegistryError,
    keymanager::KeyManager,
    storage::{Place, Store},
};

/// What every use case works with.
pub struct Registry {
    pub store: Store,
    pub keymanager: KeyManager,
    pub definitions: Definitions,
    pub clock: Arc<dyn Clock>,
    /// The tenant of this service's certificate.
    pub tenant: TenantId,
    /// Names this state folder among replicas on one database.
    pub instance: String,
}

impl Registry {
    /// Whether the caller may do this here.
    fn admit(&self, caller: &Caller, action: Action) -> Result<(), RegistryError> {
        if caller.principal.tenant != self.tenant {
            return Err(RegistryError::OtherTenant);
        }
        Ok(km_policy::authorise(&caller.principal, action, self.clock.now())?)
    }

    /// The register of this name, for a caller who may do this in it.
    fn enter(
        &self,
        caller: &Caller,
        action: Action,
        register: &RegisterName,
    ) -> Result<(Place, &Definition), RegistryError> {
        self.admit(caller, action)?;
        let definition = self.definitions.find(register).ok_or(RegistryError::UnknownRegister)?;
        Ok((Place { tenant: self.tenant.clone(), register: register.clone() }, definition))
    }
}
