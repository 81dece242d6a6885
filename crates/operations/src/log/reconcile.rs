//! Intents that a crash left without an outcome are closed at the next start.

use std::time::Duration;

use km_audit::Outcome;
use km_storage::Unrecorded;

use crate::{Operation, OperationError, Operations, system_event};

/// Another replica's intent is taken for abandoned after this time; no operation lasts so long.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
/// Most intents closed at one start.
const MOST: u32 = 10_000;

/// Closes the open intents of this instance, and abandoned ones of others, as failed with the reason `interrupted`: rows and
/// outcome are one transaction, so an intent without an outcome changed nothing. Returns how many.
pub fn reconcile(operations: &Operations, instance: &str) -> Operation<usize> {
    let before = operations.clock.now().minus(ABANDONED);
    let open = match operations.storage.open_intents(instance, before, MOST) {
        Ok(open) => open,
        Err(error) => return Unrecorded::unremarkable(Err(OperationError::from(error))),
    };
    let outcomes: Vec<_> = open
        .into_iter()
        .filter_map(|intent| {
            let mut outcome = system_event(operations, intent.event.kind.closed_by()?, "reconcile");
            outcome.tenant = intent.event.tenant;
            outcome.key = intent.event.key;
            outcome.key_version = intent.event.key_version;
            outcome.register = intent.event.register;
            outcome.object = intent.event.object;
            outcome.count = intent.event.count;
            outcome.outcome = Outcome::Failed;
            outcome.reason = Some("interrupted".to_owned());
            outcome.intent = Some(intent.index);
            Some(outcome)
        })
        .collect();
    Unrecorded::many(Ok(outcomes.len()), outcomes)
}
