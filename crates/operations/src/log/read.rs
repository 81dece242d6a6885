//! Reading the log. That it was read is an event too.

use km_audit::{EventKind, LoggedEvent};
use km_policy::Action;
use km_storage::Unrecorded;

use crate::{Caller, Operation, OperationError, Operations};

/// Events of the caller's tenant and of the installation, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    pub events: Vec<LoggedEvent>,
    /// Where the next page begins; `None` at the end of the log.
    pub next: Option<u64>,
}

/// Most entries looked at for one page.
const MOST: u32 = 1000;

/// A page of the log from entry `from` on. Other tenants' events are left out.
pub fn read(operations: &Operations, caller: &Caller, from: u64, limit: u32) -> Operation<LogPage> {
    let page = caller
        .may(Action::ReadLog, operations.clock.now())
        .and_then(|()| page(operations, caller, from, limit.clamp(1, MOST)));
    match page {
        Ok(page) => {
            let mut event = caller.event(operations, EventKind::LogRead);
            event.count = page.events.len() as u64;
            event.figures.insert("from".into(), from.min(1 << 53));
            Unrecorded::new(Ok(page), event)
        }
        Err(error) => caller.refuse(operations, EventKind::LogRead, error),
    }
}

fn page(operations: &Operations, caller: &Caller, from: u64, limit: u32) -> Result<LogPage, OperationError> {
    let leaves = operations.storage.leaves(from, limit)?;
    let full = leaves.len() == limit as usize;
    let next = leaves.last().filter(|_| full).map(|(index, _)| index + 1);
    let events = leaves
        .iter()
        .map(|(_, leaf)| {
            LoggedEvent::from_leaf(leaf)
                .map_err(|_| OperationError::Unavailable("an event of the log is damaged".into()))
        })
        .filter(|logged| {
            let tenant = logged.as_ref().ok().and_then(|logged| logged.event.tenant.as_ref());
            tenant.is_none_or(|tenant| tenant == caller.tenant() || tenant.is_system())
        })
        .collect::<Result<_, _>>()?;
    Ok(LogPage { events, next })
}
