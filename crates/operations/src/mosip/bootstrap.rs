//! What an installation of the dialect begins with: policies, master keys, base keys. MOSIP's key generation job, as steps that make
//! what is missing and may be run again at any time.

use km_audit::{Event, EventKind};
use km_domain::TenantId;
use km_storage::{MosipPolicyRow, Unrecorded, Write};

use super::{
    KeyName,
    make::make,
    name::ROOT,
    renew::{renew_by, wanted},
};
use crate::{Keys, Operation, OperationError, Operations, Record, caller::system_event, keys::seal_row};

/// What there shall be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub policies: Vec<PolicyPlan>,
    /// Master keys besides the root, which comes first.
    pub masters: Vec<KeyName>,
    pub base_keys: Vec<KeyName>,
}

/// One policy as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyPlan {
    pub application: String,
    pub valid_days: u32,
    pub early_days: u32,
    pub is_active: bool,
    /// See [`super::Policy::access`].
    pub access: String,
}

/// Makes the next thing that is missing and says what; nothing when all is there. What it makes serves from the next keyring load on.
///
/// Errors: the tenant is not there; somebody else made the same at the same time (load the keyring and go on).
pub fn bootstrap_step(
    operations: &Operations,
    record: &Record,
    tenant: &TenantId,
    plan: &Plan,
) -> Operation<Option<String>> {
    let keys = operations.keyring.keys();
    let event = |kind| {
        let mut event = system_event(operations, kind, "mosip-bootstrap");
        event.tenant = Some(tenant.clone());
        event
    };
    match next(operations, &keys, tenant, plan) {
        Err(error) => Unrecorded::unremarkable(Err(error)),
        Ok(Next::Nothing) => Unrecorded::unremarkable(Ok(None)),
        Ok(Next::Policy(policy)) => set_policy(operations, &keys, tenant, &event, policy),
        Ok(Next::Master(name)) => {
            let text = format!("master key {name}");
            match wanted(operations, &keys, tenant, name, operations.clock.now()) {
                Ok(wanted) => {
                    make(operations, record, tenant, &event, &wanted, Vec::new()).map(|done| done.map(|()| Some(text)))
                }
                Err(error) => Unrecorded::unremarkable(Err(error)),
            }
        }
        Ok(Next::Base(name)) => {
            let text = format!("base key {name}");
            renew_by(operations, record, tenant, &event, &name).map(|done| done.map(|()| Some(text)))
        }
    }
}

enum Next<'a> {
    Policy(&'a PolicyPlan),
    Master(KeyName),
    Base(KeyName),
    Nothing,
}

fn next<'a>(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    plan: &'a Plan,
) -> Result<Next<'a>, OperationError> {
    if !operations.storage.tenants()?.contains(tenant) {
        return Err(OperationError::Unavailable(format!(
            "the tenant {tenant} of the MOSIP dialect is missing; run keymanager-svc init --tenant {tenant}"
        )));
    }
    let differs = |policy: &&PolicyPlan| {
        keys.mosip.policy(tenant, &policy.application).is_none_or(|known| {
            (known.valid_days, known.early_days, known.is_active, known.access.as_str())
                != (policy.valid_days, policy.early_days, policy.is_active, policy.access.as_str())
        })
    };
    if let Some(policy) = plan.policies.iter().find(differs) {
        return Ok(Next::Policy(policy));
    }
    let root = KeyName { application: ROOT.to_owned(), reference: String::new() };
    let is_missing = |name: &&KeyName| keys.mosip.aliases(tenant, name).is_empty();
    if let Some(name) = std::iter::once(&root).chain(&plan.masters).find(is_missing) {
        return Ok(Next::Master(name.clone()));
    }
    Ok(plan.base_keys.iter().find(is_missing).map_or(Next::Nothing, |name| Next::Base(name.clone())))
}

fn set_policy(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    event: &dyn Fn(EventKind) -> Event,
    policy: &PolicyPlan,
) -> Operation<Option<String>> {
    let mut row = MosipPolicyRow {
        tenant: tenant.to_string(),
        application: policy.application.clone(),
        valid_days: policy.valid_days.into(),
        early_days: policy.early_days.into(),
        active: policy.is_active.into(),
        access: policy.access.clone(),
        log_index: -1,
        integrity: Vec::new(),
    };
    match seal_row(operations, keys, &row.covered()) {
        Ok(code) => row.integrity = code,
        Err(error) => return Unrecorded::unremarkable(Err(error)),
    }
    let mut event = event(EventKind::PolicySet);
    event.object = Some(format!("policy {}", policy.application));
    event.figures.insert("valid_days".into(), policy.valid_days.into());
    event.figures.insert("early_days".into(), policy.early_days.into());
    // Who may use the application's keys is a list of names, which may be people's: the log gets its digest.
    let access = km_crypto::digest::sha256(policy.access.as_bytes());
    event.digests.insert("access".into(), access.iter().map(|byte| format!("{byte:02x}")).collect());
    let text = format!("policy {}", policy.application);
    Unrecorded::new(Ok(Some(text)), event).with(Write::set_mosip_policy(row)).changing_state()
}
