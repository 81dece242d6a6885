//! What an installation of the dialect begins with: policies, master keys, base keys. MOSIP's key generation job, as steps that make
//! what is missing and may be run again at any time.

use std::collections::BTreeSet;

use km_audit::{Event, EventKind};
use km_domain::TenantId;
use km_storage::{MosipPolicyRow, Unrecorded, Write};

use super::{
    KeyName,
    current::days,
    make::{Wanted, make},
    renew::{make_wanted, renew_by},
    zk::make_random_keys,
};
use crate::{Keys, Operation, OperationError, Operations, Record, caller::system_event, keys::seal_row};

/// Life of the key under which random keys are wrapped.
const IDENTITY_CACHE_DAYS: u32 = 1825;

/// What there shall be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub policies: Vec<PolicyPlan>,
    /// Master keys besides the root, which comes first.
    pub masters: Vec<KeyName>,
    pub base_keys: Vec<KeyName>,
    /// Random keys of `zkEncrypt`.
    pub zk_random_keys: u32,
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

/// What a job of the dialect did, or tried to.
pub struct Step {
    pub what: String,
    /// The key that it was about, if it was about one.
    pub key: Option<KeyName>,
    pub done: Result<(), OperationError>,
}

impl Step {
    /// What became of one key.
    pub(super) fn of(what: &str, name: &KeyName, operation: Operation<()>) -> Operation<Option<Self>> {
        let what = format!("{what} {name}");
        operation.map(|done| Ok(Some(Self { what, key: Some(name.clone()), done })))
    }
}

/// Makes the next thing that is missing; nothing when all is there but the names in `passed_over`. What it makes serves from the next
/// keyring load on.
///
/// Errors: the tenant is not there; somebody else made the same at the same time (load the keyring and go on).
pub fn bootstrap_step(
    operations: &Operations,
    record: &Record,
    tenant: &TenantId,
    plan: &Plan,
    passed_over: &BTreeSet<KeyName>,
) -> Operation<Option<Step>> {
    let keys = operations.keyring.keys();
    let event = |kind| {
        let mut event = system_event(operations, kind, "mosip-bootstrap");
        event.tenant = Some(tenant.clone());
        event
    };
    match next(operations, &keys, tenant, plan, passed_over) {
        Err(error) => Unrecorded::unremarkable(Err(error)),
        Ok(Next::Nothing) => Unrecorded::unremarkable(Ok(None)),
        Ok(Next::Policy(policy)) => set_policy(operations, &keys, tenant, &event, policy),
        Ok(Next::Master(name)) => {
            let begins = operations.clock.now();
            Step::of("master key", &name, make_wanted(operations, record, &keys, tenant, &event, &name, begins))
        }
        Ok(Next::ZkRoot) => {
            let (name, now) = (KeyName::identity_cache(), operations.clock.now());
            let (algorithm, expires) = (km_domain::KeyAlgorithm::Aes256, now.plus(days(IDENTITY_CACHE_DAYS)));
            let wanted = Wanted { name, algorithm, generated: now, expires, subject: km_ca::mosip::Names::default() };
            let made = make(operations, record, &keys, tenant, &event, &wanted, Vec::new());
            Step::of("symmetric key", &wanted.name, made)
        }
        Ok(Next::ZkKeys(missing)) => make_random_keys(operations, &keys, tenant, &event, missing),
        Ok(Next::Base(name)) => Step::of("base key", &name, renew_by(operations, record, tenant, &event, &name)),
    }
}

enum Next<'a> {
    Policy(&'a PolicyPlan),
    Master(KeyName),
    Base(KeyName),
    /// The key under which random keys are wrapped.
    ZkRoot,
    /// So many random keys.
    ZkKeys(u32),
    Nothing,
}

fn next<'a>(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    plan: &'a Plan,
    passed_over: &BTreeSet<KeyName>,
) -> Result<Next<'a>, OperationError> {
    if !operations.storage.tenants()?.contains(tenant) {
        return Err(OperationError::Unavailable(format!(
            "the tenant {tenant} of the MOSIP dialect is missing; run keymanager-svc init --tenant {tenant}"
        )));
    }
    if let Some(policy) = plan.policies.iter().find(|policy| differs(keys, tenant, policy)) {
        return Ok(Next::Policy(policy));
    }
    let root = KeyName::root();
    let is_missing = |name: &&KeyName| keys.mosip.aliases(tenant, name).is_empty() && !passed_over.contains(name);
    if let Some(name) = std::iter::once(&root).chain(&plan.masters).find(is_missing) {
        return Ok(Next::Master(name.clone()));
    }
    if let Some(name) = plan.base_keys.iter().find(is_missing) {
        return Ok(Next::Base(name.clone()));
    }
    let have = u32::try_from(keys.mosip.zk.count(tenant)).unwrap_or(u32::MAX);
    let (missing, above) = (plan.zk_random_keys.saturating_sub(have), KeyName::identity_cache());
    if missing == 0 || passed_over.contains(&above) {
        return Ok(Next::Nothing);
    }
    let current = keys.mosip.current(tenant, &above, operations.clock.now()).map_err(OperationError::Mosip)?;
    Ok(if current.is_some() { Next::ZkKeys(missing) } else { Next::ZkRoot })
}

/// Whether the policy is another one here, or none.
pub(super) fn differs(keys: &Keys, tenant: &TenantId, policy: &PolicyPlan) -> bool {
    keys.mosip.policy(tenant, &policy.application).is_none_or(|known| {
        (known.valid_days, known.early_days, known.is_active, known.access.as_str())
            != (policy.valid_days, policy.early_days, policy.is_active, policy.access.as_str())
    })
}

pub(super) fn set_policy(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    event: &dyn Fn(EventKind) -> Event,
    policy: &PolicyPlan,
) -> Operation<Option<Step>> {
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
    event.digests.insert("access".into(), km_audit::digest::hex_sha256(policy.access.as_bytes()));
    let step = Step { what: format!("policy {}", policy.application), key: None, done: Ok(()) };
    Unrecorded::new(Ok(Some(step)), event).with(Write::set_mosip_policy(row)).changing_state()
}
