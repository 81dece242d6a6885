//! A master key, a signing key on a curve or a symmetric key, made by order.

use km_audit::EventKind;
use km_ca::mosip::Names;
use km_domain::{KeyAlgorithm, TenantId};
use km_storage::Unrecorded;

use super::{
    Fault, KeyName, Kind,
    current::days,
    make::{Wanted, make},
    name::SYMMETRIC_DAYS,
    renew::{defaults, filled, policy_valid_days, rules},
    retire::{deactivate_past, end_all},
};
use crate::{Caller, Keys, Operation, OperationError, Operations, Record, caller::refused};

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub name: KeyName,
    pub make: Make,
    /// A new key even where one is current, which ends with it.
    pub force: bool,
    /// Parts of the subject; empty ones as configured.
    pub subject: Names,
}

/// Which kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    Master,
    Curve,
    Symmetric,
}

/// Makes the key that is ordered, unless one is current and none is forced; says whether it did. It serves from the next keyring load
/// on.
///
/// Errors: no active policy; not a name of such keys; no root.
pub fn generate(operations: &Operations, record: &Record, caller: &Caller, order: &Order) -> Operation<bool> {
    let keys = operations.keyring.keys();
    match planned(operations, &keys, caller, order) {
        Ok(None) => {
            let mut event = caller.event(operations, EventKind::KeyCreateOutcome);
            event.object = Some(order.name.to_string());
            Unrecorded::new(Ok(false), refused(event, &OperationError::Conflict("key-exists")))
        }
        Ok(Some((wanted, beside))) => {
            let event = |kind| caller.event(operations, kind);
            make(operations, record, &keys, caller.tenant(), &event, &wanted, beside).map(|done| done.map(|()| true))
        }
        Err(error) => caller.refuse(operations, EventKind::KeyCreateOutcome, error),
    }
}

fn planned(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    order: &Order,
) -> Result<Option<(Wanted, Vec<km_storage::Write>)>, OperationError> {
    // 1. May such a key be made under this name?
    let (tenant, name, now) = (caller.tenant(), &order.name, operations.clock.now());
    let rules = rules(operations)?;
    if !rules.admit(caller, name) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    let fits = match order.make {
        Make::Master if !name.is_master() || name.is_curve_sign() => Err(Fault::ReferenceNotSupported),
        Make::Curve if !name.is_curve_sign() || name.application == super::name::ROOT => Err(Fault::CurveNotSupported),
        // Nor beside what has another kind of key.
        Make::Symmetric if name.is_master() || has_another_kind(keys, tenant, name) => {
            Err(Fault::ReferenceNotSupported)
        }
        Make::Master | Make::Curve | Make::Symmetric => Ok(()),
    };
    fits.map_err(OperationError::Mosip)?;
    let valid = match order.make {
        Make::Symmetric => SYMMETRIC_DAYS,
        Make::Master | Make::Curve => policy_valid_days(keys, tenant, name).map_err(OperationError::Mosip)?,
    };
    // 2. Is there one already?
    let current = keys.mosip.current(tenant, name, now).map_err(OperationError::Mosip);
    if !order.force && current?.is_some() {
        return Ok(None);
    }
    // 3. What it shall be.
    let algorithm = match order.make {
        Make::Symmetric => KeyAlgorithm::Aes256,
        Make::Master | Make::Curve => name.algorithm(),
    };
    let subject = filled(order.subject.clone(), &defaults(rules, name));
    let expires = now.plus(days(valid));
    let wanted = Wanted { name: name.clone(), algorithm, generated: now, expires, subject };
    let mut beside = end_all(operations, keys, tenant, name, now)?;
    beside.extend(deactivate_past(operations, keys, tenant, name, now)?);
    Ok(Some((wanted, beside)))
}

fn has_another_kind(keys: &Keys, tenant: &TenantId, name: &KeyName) -> bool {
    keys.mosip.aliases(tenant, name).iter().any(|alias| alias.kind != Kind::Symmetric)
}
