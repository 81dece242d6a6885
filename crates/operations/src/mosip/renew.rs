//! Makes what a call needs and is not there yet (reference, sections 2.4 to 2.6): a base key when it is first needed, and the
//! successor of any key when none is current any more. A master key is never made so for the first time.

use km_audit::{Event, EventKind};
use km_ca::mosip::Names;
use km_domain::{TenantId, Timestamp};
use km_storage::Unrecorded;

use super::{
    Fault, KeyName, Kind, MosipRules,
    current::days,
    make::{Wanted, make},
    name::BASE,
    retire::deactivate_past,
};
use crate::{Caller, Keys, Operation, OperationError, Operations, Record, caller::refused};

/// Life of the key to which random keys are encrypted on their way here, and the common name in its certificate.
const ZK_TRANSFER_DAYS: u32 = 1;
const ZK_TRANSFER_NAME: &str = "ZKKeysSelfSignedKey";

/// Makes one key that stands between this name and a current key of it: the key itself, or the master key that has to issue it.
/// The door loads the keyring and runs its call again.
///
/// Errors: what is missing is not made so; nobody may make it.
pub fn renew(operations: &Operations, record: &Record, caller: &Caller, name: &KeyName) -> Operation<()> {
    let event = |kind| caller.event(operations, kind);
    renew_by(operations, record, caller.tenant(), &event, name)
}

/// As [`renew`], by whoever `event` names.
pub(super) fn renew_by(
    operations: &Operations,
    record: &Record,
    tenant: &TenantId,
    event: &dyn Fn(EventKind) -> Event,
    name: &KeyName,
) -> Operation<()> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    let planned = next(&keys, tenant, name, now)
        .map_err(OperationError::Mosip)
        .and_then(|next| match next {
            Some(next) => Ok(Some(wanted(operations, &keys, tenant, next, now)?)),
            None => Ok(None),
        })
        .and_then(|wanted| match wanted {
            Some(wanted) => {
                let beside = deactivate_past(operations, &keys, tenant, &wanted.name, now)?;
                Ok(Some((wanted, beside)))
            }
            None => Ok(None),
        });
    match planned {
        Ok(Some((wanted, beside))) => make(operations, record, &keys, tenant, event, &wanted, beside),
        // Somebody else was faster.
        Ok(None) => Unrecorded::unremarkable(Ok(())),
        Err(error) => {
            let mut event = refused(event(EventKind::KeyRotateOutcome), &error);
            event.tenant = Some(tenant.clone());
            Unrecorded::new(Err(error), event)
        }
    }
}

/// Makes the key of this name, current from `begins` on.
pub(super) fn make_wanted(
    operations: &Operations,
    record: &Record,
    keys: &Keys,
    tenant: &TenantId,
    event: &dyn Fn(EventKind) -> Event,
    name: &KeyName,
    begins: Timestamp,
) -> Operation<()> {
    match wanted(operations, keys, tenant, name.clone(), begins) {
        Ok(wanted) => make(operations, record, keys, tenant, event, &wanted, Vec::new()),
        Err(error) => Unrecorded::unremarkable(Err(error)),
    }
}

/// The name whose key is to be made next; none where one is current.
fn next(keys: &Keys, tenant: &TenantId, name: &KeyName, now: Timestamp) -> Result<Option<KeyName>, Fault> {
    if keys.mosip.current(tenant, name, now)?.is_some() {
        return Ok(None);
    }
    if name.is_zk_transfer() {
        return Ok(Some(name.clone()));
    }
    let known = keys.mosip.aliases(tenant, name);
    if name.is_master() {
        if known.is_empty() {
            return Err(Fault::NotGenerated);
        }
        return Ok(Some(name.clone()));
    }
    if known.iter().any(|alias| alias.kind == Kind::Foreign) {
        return Err(Fault::BaseKeyForbidden("other domains, partner Certificate expired"));
    }
    if known.iter().any(|alias| alias.kind == Kind::Symmetric) {
        return Err(Fault::ReferenceNotSupported);
    }
    if let Some(why) = name.forbidden_base() {
        return Err(Fault::BaseKeyForbidden(why));
    }
    policy_valid_days(keys, tenant, name)?;
    let above = next(keys, tenant, &name.master(), now)?;
    Ok(Some(above.unwrap_or_else(|| name.clone())))
}

/// What a new key of this name is, made now.
fn wanted(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    name: KeyName,
    generated: Timestamp,
) -> Result<Wanted, OperationError> {
    let rules = rules(operations)?;
    let (valid, subject) = if name.is_zk_transfer() {
        (ZK_TRANSFER_DAYS, Names { common_name: ZK_TRANSFER_NAME.to_owned(), ..rules.names.clone() })
    } else {
        let valid = policy_valid_days(keys, tenant, &name).map_err(OperationError::Mosip)?;
        (valid, subject(rules, keys, tenant, &name)?)
    };
    let algorithm = name.algorithm();
    Ok(Wanted { expires: generated.plus(days(valid)), name, algorithm, generated, subject })
}

/// How many days a new key of this name lives: base keys by the policy BASE, as in MOSIP 1.2.1.
///
/// Errors: the application has no active policy.
pub(super) fn policy_valid_days(keys: &Keys, tenant: &TenantId, name: &KeyName) -> Result<u32, Fault> {
    let active = |application: &str| keys.mosip.policy(tenant, application).filter(|policy| policy.is_active);
    let own = active(&name.application).ok_or(Fault::NoPolicy)?;
    let base = if name.is_master() { None } else { active(BASE) };
    Ok(base.unwrap_or(own).valid_days)
}

/// The subject of a new certificate: of a base key the master's but for the common name; of a master key that of its oldest
/// certificate, and what configuration says where there is none.
fn subject(rules: &MosipRules, keys: &Keys, tenant: &TenantId, name: &KeyName) -> Result<Names, OperationError> {
    if name.is_master() {
        let oldest = keys.mosip.aliases(tenant, name).iter().find_map(|alias| alias.certificate.as_ref());
        return Ok(filled(oldest.map(Names::of).unwrap_or_default(), &defaults(rules, name)));
    }
    let master = keys.mosip.aliases(tenant, &name.master());
    let newest = master.last().ok_or(OperationError::Mosip(Fault::NotGenerated))?;
    Ok(Names { common_name: name.joined(), ..Names::of(newest.certified()?) })
}

/// The subject of a master key that nobody said anything about.
pub(super) fn defaults(rules: &MosipRules, name: &KeyName) -> Names {
    let common_name = format!("{} ({})", rules.names.common_name, name.joined().to_uppercase());
    Names { common_name, ..rules.names.clone() }
}

/// The names, with the defaults where one is empty.
pub(super) fn filled(names: Names, defaults: &Names) -> Names {
    let or = |text: String, default: &str| if text.trim().is_empty() { default.to_owned() } else { text };
    Names {
        common_name: or(names.common_name, &defaults.common_name),
        organizational_unit: or(names.organizational_unit, &defaults.organizational_unit),
        organization: or(names.organization, &defaults.organization),
        locality: or(names.locality, &defaults.locality),
        state: or(names.state, &defaults.state),
        country: or(names.country, &defaults.country),
    }
}

/// The dialect's rules, which are there wherever its door is open.
pub(super) fn rules(operations: &Operations) -> Result<&MosipRules, OperationError> {
    let missing = || OperationError::Unavailable("the MOSIP dialect is not configured".into());
    operations.rules.mosip.as_ref().ok_or_else(missing)
}
