//! How the registry stands, without naming anybody: records and index terms in numbers, the versions of the keys that
//! protect them, what was witnessed of the log.

use km_policy::Action;
use km_proto::v1;

use super::{Caller, Registry};
use crate::{
    error::RegistryError,
    storage::{Place, records, terms},
};

/// One register in numbers.
#[derive(Debug)]
pub struct RegisterStatus {
    pub register: String,
    pub title: String,
    pub schema: u32,
    pub records: i64,
}

/// Terms of one index under one version of its key.
#[derive(Debug)]
pub struct TermCount {
    pub register: String,
    pub field: String,
    pub version: i32,
    pub terms: i64,
}

/// How the keys stand, and what is left on each.
#[derive(Debug)]
pub struct Status {
    pub log_size: u64,
    pub keys: v1::RewrapStatusResponse,
    pub terms: Vec<TermCount>,
}

/// # Errors
/// The caller may not, or key manager or database is not available.
pub async fn status(registry: &Registry, caller: &Caller) -> Result<Status, RegistryError> {
    registry.admit(caller, Action::RewrapStatus)?;
    let keys = registry.keymanager.rewrap_status(&caller.behalf).await?;
    let mut counted = Vec::new();
    for definition in registry.definitions.iter() {
        let place = Place { tenant: registry.tenant.clone(), register: definition.rules.register.clone() };
        let register = place.register.to_string();
        let counts = registry.store.read(move |db| terms::count_by_version(db, &place)).await?;
        counted.extend(counts.into_iter().map(|(field, _, version, terms)| TermCount {
            register: register.clone(),
            field,
            version,
            terms,
        }));
    }
    let log_size = registry.keymanager.witness().size().await.unwrap_or_default();
    Ok(Status { log_size, keys, terms: counted })
}

/// The registers of this registry, for whoever may list records.
///
/// # Errors
/// The caller may not, or the database is not available.
pub async fn registers(registry: &Registry, caller: &Caller) -> Result<Vec<RegisterStatus>, RegistryError> {
    registry.admit(caller, Action::ListRecords)?;
    let mut registers = Vec::new();
    for definition in registry.definitions.iter() {
        let place = Place { tenant: registry.tenant.clone(), register: definition.rules.register.clone() };
        let records = registry.store.read(move |db| records::count(db, &place)).await?;
        let rules = &definition.rules;
        registers.push(RegisterStatus {
            register: rules.register.to_string(),
            title: rules.title.clone(),
            schema: rules.schema,
            records,
        });
    }
    Ok(registers)
}

/// The file of one register's definition, which says what is personal and what the database shows in clear. It holds no
/// data, so every caller of this tenant may read it.
///
/// # Errors
/// Another tenant's caller, or there is no such register.
pub fn definition<'a>(
    registry: &'a Registry,
    caller: &Caller,
    register: &km_domain::RegisterName,
) -> Result<&'a str, RegistryError> {
    if caller.principal.tenant != registry.tenant {
        return Err(RegistryError::OtherTenant);
    }
    let found = registry.definitions.find(register).ok_or(RegistryError::UnknownRegister)?;
    Ok(&found.text)
}
