//! Keys of the MOSIP dialect: at start those that the bootstrap file names and that are missing, then the successors of keys that soon
//! stop being current, so that no call has to wait for one.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use km_domain::TenantId;
use km_operations::{
    Operation, OperationError, Operations, Record,
    mosip::{self, KeyName, Plan, Step},
};
use km_service::{Component, Readiness, Shutdown};

use crate::edge::Edge;

const PERIOD: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_secs(1);

pub async fn keep(edge: Edge, tenant: TenantId, plan: Plan, readiness: Readiness, shutdown: Shutdown) {
    let (mut is_complete, mut pause) = (false, RETRY);
    loop {
        if !is_complete {
            let (tenant, plan) = (tenant.clone(), plan.clone());
            let begun = steps(&edge, &shutdown, move |operations, record, passed_over| {
                mosip::bootstrap_step(operations, record, &tenant, &plan, passed_over)
            });
            match begun.await {
                Ok(()) => {
                    readiness.set("mosip", Component::Up, "every key of the bootstrap file is there");
                    (is_complete, pause) = (true, PERIOD);
                }
                Err(error) => {
                    tracing::error!(event = "mosip.bootstrap-failed", reason = %error, "a key of the dialect was not made");
                    readiness.set("mosip", Component::Down, error.to_string());
                }
            }
        }
        let tenant = tenant.clone();
        let rotated = steps(&edge, &shutdown, move |operations, record, passed_over| {
            mosip::rotate_ahead_step(operations, record, &tenant, passed_over)
        });
        if let Err(error) = rotated.await {
            tracing::error!(event = "mosip.rotation-failed", reason = %error, "a successor was not made");
        }
        if !shutdown.pause(pause).await {
            return;
        }
        pause = (pause * 2).min(PERIOD);
    }
}

/// Takes one step after the other until there is none. A key for which one fails is passed over, so that it does not stop the others.
///
/// Errors: the first step that failed.
async fn steps<F>(edge: &Edge, shutdown: &Shutdown, step: F) -> Result<(), OperationError>
where
    F: Fn(&Operations, &Record, &BTreeSet<KeyName>) -> Operation<Option<Step>> + Send + Sync + 'static,
{
    let step = Arc::new(step);
    let mut passed_over = BTreeSet::new();
    let mut all = Ok(());
    while !shutdown.is_requested() {
        let (step, passed) = (Arc::clone(&step), passed_over.clone());
        let taken = edge.perform(&edge.jobs, move |operations, record| step(operations, record, &passed));
        match taken.await.map(|recorded| recorded.outcome) {
            Ok(None) => break,
            Ok(Some(Step { what, done: Ok(()), .. })) => {
                tracing::info!(event = "mosip.made", what, "a key or policy of the dialect was changed");
            }
            Ok(Some(Step { key: Some(key), done: Err(error), .. })) => {
                passed_over.insert(key);
                all = all.and(Err(error));
            }
            Ok(Some(Step { done: Err(error), .. })) => return Err(error),
            // A caller or another replica was faster.
            Err(OperationError::Conflict(_)) => {
                if !shutdown.pause(RETRY).await {
                    break;
                }
            }
            Err(error) => return Err(error),
        }
        edge.reload().await?;
    }
    all
}
