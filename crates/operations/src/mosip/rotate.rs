//! Successors made ahead of time, so that no call has to wait for a key. A successor begins the moment its predecessor stops being
//! current, never earlier: two that are current would be a fault of the dialect.

use km_audit::EventKind;
use km_domain::{TenantId, Timestamp};
use km_storage::Unrecorded;

use super::{
    KeyName, Kind,
    current::days,
    make::make,
    renew::{renew_by, rules, wanted},
};
use crate::{Keys, Operation, OperationError, Operations, Record, caller::system_event};

/// Makes the successor of one key that stops being current soon, or of one that has none; says of which. None is left when it says
/// nothing. Keys serve from the next keyring load on.
pub fn rotate_ahead_step(operations: &Operations, record: &Record, tenant: &TenantId) -> Operation<Option<String>> {
    let keys = operations.keyring.keys();
    let event = |kind: EventKind| {
        let mut event = system_event(operations, kind, "mosip-rotation");
        event.tenant = Some(tenant.clone());
        event
    };
    match due(operations, &keys, tenant) {
        Ok(None) => Unrecorded::unremarkable(Ok(None)),
        Ok(Some(Due { name, begins: None })) => {
            let text = name.to_string();
            renew_by(operations, record, tenant, &event, &name).map(|done| done.map(|()| Some(text)))
        }
        Ok(Some(Due { name, begins: Some(begins) })) => {
            let text = name.to_string();
            match wanted(operations, &keys, tenant, name, begins) {
                Ok(wanted) => {
                    make(operations, record, tenant, &event, &wanted, Vec::new()).map(|done| done.map(|()| Some(text)))
                }
                Err(error) => Unrecorded::unremarkable(Err(error)),
            }
        }
        Err(error) => Unrecorded::unremarkable(Err(error)),
    }
}

struct Due {
    name: KeyName,
    /// When the successor begins; none: none is current, so now.
    begins: Option<Timestamp>,
}

/// The first name that needs a key: masters before what they issue.
fn due(operations: &Operations, keys: &Keys, tenant: &TenantId) -> Result<Option<Due>, OperationError> {
    let now = operations.clock.now();
    let ahead = days(rules(operations)?.rotate_ahead_days);
    let mut names = keys.mosip.names(tenant);
    names.sort_by_key(|name| (!name.is_root(), !name.is_master()));
    for name in names {
        let aliases = keys.mosip.aliases(tenant, &name);
        let is_ours = aliases.iter().all(|alias| matches!(alias.kind, Kind::Master | Kind::Base));
        let has_policy = keys.mosip.policy(tenant, &name.application).is_some_and(|policy| policy.is_active);
        if !is_ours || !has_policy || aliases.iter().any(|alias| alias.is_to_come(now)) {
            continue;
        }
        let early = keys.mosip.early(tenant, &name);
        match keys.mosip.current(tenant, &name, now) {
            // A fault that a call says; a further key would not mend it.
            Err(_) => {}
            // A key that was revoked is made again when it is needed, not before.
            Ok(None) if !was_left_to_end(aliases, early) => {}
            Ok(None) => return Ok(Some(Due { name, begins: None })),
            Ok(Some(current))
                if current.expires.minus(early) <= now.plus(ahead) && now < current.expires.minus(early) =>
            {
                return Ok(Some(Due { begins: Some(current.expires.minus(early)), name }));
            }
            Ok(Some(_)) => {}
        }
    }
    Ok(None)
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
