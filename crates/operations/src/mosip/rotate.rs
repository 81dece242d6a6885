//! Successors made ahead of time, so that no call has to wait for a key. A successor begins the moment its predecessor stops being
//! current, never earlier: two that are current would be a fault of the dialect.

use std::collections::BTreeSet;

use km_audit::EventKind;
use km_domain::{TenantId, Timestamp};
use km_storage::{Unrecorded, Write};

use super::{
    KeyName, Kind, Step,
    current::days,
    renew::{make_wanted, renew_by, rules},
    retire::{deactivate_past, unchanged},
};
use crate::{
    Keys, Operation, OperationError, Operations, Record,
    caller::{refused, system_event},
};

/// Makes the successor of one key that stops being current soon, or of one that has none; or deactivates what is current no more.
/// Nothing where nothing of that is left but the names in `passed_over`. Keys serve from the next keyring load on.
pub fn rotate_ahead_step(
    operations: &Operations,
    record: &Record,
    tenant: &TenantId,
    passed_over: &BTreeSet<KeyName>,
) -> Operation<Option<Step>> {
    let keys = operations.keyring.keys();
    let event = |kind: EventKind| {
        let mut event = system_event(operations, kind, "mosip-rotation");
        event.tenant = Some(tenant.clone());
        event
    };
    match due(operations, &keys, tenant, passed_over) {
        Ok(None) => Unrecorded::unremarkable(Ok(None)),
        Ok(Some((name, Due::Now))) => {
            Step::of("successor of", &name, renew_by(operations, record, tenant, &event, &name))
        }
        Ok(Some((name, Due::Ahead(begins)))) => {
            Step::of("successor of", &name, make_wanted(operations, record, &keys, tenant, &event, &name, begins))
        }
        Ok(Some((name, Due::Past(writes)))) => {
            let mut event = event(EventKind::KeyDeactivated);
            event.object = Some(name.to_string());
            let conflict = refused(event.clone(), &OperationError::Conflict("mosip-alias-changed"));
            let done = Unrecorded::new(Ok(()), event).with(unchanged(&keys, tenant, &name)).with_all(writes);
            Step::of("end of", &name, done.changing_state().or_on_conflict(conflict))
        }
        Err(error) => Unrecorded::unremarkable(Err(error)),
    }
}

/// What a key needs.
enum Due {
    /// A successor at once: none is current.
    Now,
    /// A successor that begins then.
    Ahead(Timestamp),
    /// What is current no more only opens and verifies on.
    Past(Vec<Write>),
}

/// The first name that needs something: masters before what they issue.
fn due(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    passed_over: &BTreeSet<KeyName>,
) -> Result<Option<(KeyName, Due)>, OperationError> {
    let mut names = keys.mosip.names(tenant);
    names.retain(|name| !passed_over.contains(name));
    names.sort_by_key(|name| (!name.is_root(), !name.is_master()));
    for name in names {
        let due = match successor(operations, keys, tenant, &name)? {
            None => Some(deactivate_past(operations, keys, tenant, &name, operations.clock.now())?)
                .filter(|writes| !writes.is_empty())
                .map(Due::Past),
            due => due,
        };
        if let Some(due) = due {
            return Ok(Some((name, due)));
        }
    }
    Ok(None)
}

/// Whether and when this name needs a successor.
fn successor(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    name: &KeyName,
) -> Result<Option<Due>, OperationError> {
    let now = operations.clock.now();
    let aliases = keys.mosip.aliases(tenant, name);
    let is_ours = aliases.iter().all(|alias| matches!(alias.kind, Kind::Master | Kind::Base));
    let has_policy = keys.mosip.policy(tenant, &name.application).is_some_and(|policy| policy.is_active);
    if !is_ours || !has_policy || aliases.iter().any(|alias| alias.is_to_come(now)) {
        return Ok(None);
    }
    let (early, ahead) = (keys.mosip.early(tenant, name), days(rules(operations)?.rotate_ahead_days));
    Ok(match keys.mosip.current(tenant, name, now) {
        // A fault that a call says; a further key would not mend it.
        Err(_) => None,
        // A key that was revoked is made again when it is needed, not before.
        Ok(None) => was_left_to_end(aliases, early).then_some(Due::Now),
        Ok(Some(current)) => {
            let begins = current.expires.minus(early);
            (now < begins && begins <= now.plus(ahead)).then_some(Due::Ahead(begins))
        }
    })
}

/// Whether the newest alias lived as long as it was made for.
fn was_left_to_end(aliases: &[std::sync::Arc<super::Alias>], early: std::time::Duration) -> bool {
    let newest = aliases.last();
    newest.is_some_and(|alias| {
        alias.certificate.as_ref().is_some_and(|certificate| {
            alias.generated < alias.expires.minus(early) && certificate.not_after.seconds() <= alias.expires.seconds()
        })
    })
}
