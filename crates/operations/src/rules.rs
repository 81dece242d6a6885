//! What configuration decides: purposes, register definitions, budgets, names.

use std::{collections::HashMap, sync::Arc, time::Duration};

use km_audit::Event;
use km_domain::{FieldName, RegisterName, Role, TenantId, Timestamp, register::RegisterDefinition};
use km_policy::PurposeRules;
use parking_lot::Mutex;

use crate::mosip::{MosipRules, TokenIds};

/// The rules under which operations run.
pub struct Rules {
    pub registers: HashMap<RegisterName, Arc<RegisterDefinition>>,
    pub purposes: PurposeRules,
    /// Name of the log, the first line of every checkpoint.
    pub log_origin: String,
    /// Name of this installation, in the subjects of its roots.
    pub installation: String,
    /// The tenant whose officers may make tenants; nobody may where there is none.
    pub operators_tenant: Option<TenantId>,
    /// Said by health and by every event.
    pub development: bool,
    /// Names of the switches that are on and make the installation less safe; said by health and by every event.
    pub switches: Vec<String>,
    /// What the MOSIP dialect goes by, where it is served.
    pub mosip: Option<MosipRules>,
    /// By what the MOSIP dialect's token ids are made, where it has any.
    pub token_ids: Option<TokenIds>,
    /// Life of the certificate of a service, which renews it by itself.
    pub certificate_lifetime: Duration,
    /// Life of the certificate of a workstation, a client or the development issuer, which nobody renews by itself.
    pub workstation_lifetime: Duration,
    /// Names of the key manager's listeners besides this machine's own.
    pub dns_names: Vec<String>,
    pub budgets: Budgets,
}

impl Rules {
    /// Writes into an event under what conditions it was made.
    pub fn mark(&self, event: &mut Event) {
        event.development = self.development;
        event.switches.clone_from(&self.switches);
    }

    pub fn register(&self, name: &RegisterName) -> Option<&Arc<RegisterDefinition>> {
        self.registers.get(name)
    }

    /// Whether one of these roles may read a field whole, or masked only.
    pub fn reads(
        &self,
        register: &RegisterDefinition,
        field: &FieldName,
        roles: &std::collections::BTreeSet<Role>,
    ) -> Reading {
        let Some((_, personal)) = register.personal_field(field.as_str()) else { return Reading::Nothing };
        let listed = |names: &[String]| roles.iter().any(|role| names.iter().any(|name| name == role.name()));
        if listed(&personal.readers) {
            Reading::Whole
        } else if listed(&personal.masked_readers) {
            Reading::Masked
        } else {
            Reading::Nothing
        }
    }
}

/// How much of a field a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Whole,
    Masked,
    Nothing,
}

/// Counts requests of each caller within a minute. Whoever can ask for index terms can guess values, so asking is slow.
pub struct Budgets {
    per_minute: u32,
    used: Mutex<HashMap<(TenantId, String), (i64, u32)>>,
}

/// Most callers counted at once; beyond it the oldest minutes are forgotten first.
const CALLERS: usize = 10_000;

impl Budgets {
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, used: Mutex::default() }
    }

    /// Takes one; where none is left, says in how many seconds there will be.
    pub fn take(&self, tenant: &TenantId, principal: &str, now: Timestamp) -> Result<(), u32> {
        let minute = now.seconds().div_euclid(60);
        let mut used = self.used.lock();
        if used.len() >= CALLERS {
            used.retain(|_, (counted, _)| *counted == minute);
        }
        let entry = used.entry((tenant.clone(), principal.to_owned())).or_insert((minute, 0));
        if entry.0 != minute {
            *entry = (minute, 0);
        }
        if entry.1 >= self.per_minute {
            return Err(u32::try_from(60 - now.seconds().rem_euclid(60)).unwrap_or(60));
        }
        entry.1 += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_ends_and_comes_back_with_the_next_minute() {
        let budgets = Budgets::new(2);
        let tenant: TenantId = "demo".parse().unwrap();
        let at = |seconds| Timestamp::from_seconds(seconds);
        assert_eq!(budgets.take(&tenant, "a", at(120)), Ok(()));
        assert_eq!(budgets.take(&tenant, "a", at(121)), Ok(()));
        assert_eq!(budgets.take(&tenant, "a", at(150)), Err(30));
        assert_eq!(budgets.take(&tenant, "b", at(150)), Ok(()));
        assert_eq!(budgets.take(&tenant, "a", at(180)), Ok(()));
    }
}
