//! Keys of the MOSIP dialect: at start those that the bootstrap file names and that are missing, then the successors of keys that soon
//! stop being current, so that no call has to wait for one.

use std::time::Duration;

use km_domain::TenantId;
use km_operations::{
    OperationError,
    mosip::{self, Plan},
};
use km_service::{Component, Readiness, Shutdown};

use crate::edge::Edge;

const PERIOD: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_secs(1);

pub async fn keep(edge: Edge, tenant: TenantId, plan: Plan, readiness: Readiness, shutdown: Shutdown) {
    while let Err(error) = begin(&edge, &tenant, &plan, &shutdown).await {
        tracing::error!(event = "mosip.bootstrap-failed", reason = %error, "a key of the dialect was not made");
        readiness.set("mosip", Component::Down, error.to_string());
        if !shutdown.pause(RETRY).await {
            return;
        }
    }
    readiness.set("mosip", Component::Up, "every key of the bootstrap file is there");
    loop {
        if let Err(error) = rotate(&edge, &tenant, &shutdown).await {
            tracing::error!(event = "mosip.rotation-failed", reason = %error, "a successor was not made");
        }
        if !shutdown.pause(PERIOD).await {
            return;
        }
    }
}

/// One thing after the other, until nothing is missing.
async fn begin(edge: &Edge, tenant: &TenantId, plan: &Plan, shutdown: &Shutdown) -> Result<(), OperationError> {
    while !shutdown.is_requested() {
        let (tenant, plan) = (tenant.clone(), plan.clone());
        let step = edge
            .perform(&edge.jobs, move |operations, record| mosip::bootstrap_step(operations, record, &tenant, &plan));
        match step.await {
            Ok(done) => match done.outcome {
                Some(made) => tracing::info!(event = "mosip.made", made, "a part of the dialect was made"),
                None => return Ok(()),
            },
            // Another replica was faster.
            Err(OperationError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
        edge.reload().await?;
    }
    Ok(())
}

async fn rotate(edge: &Edge, tenant: &TenantId, shutdown: &Shutdown) -> Result<(), OperationError> {
    while !shutdown.is_requested() {
        let tenant = tenant.clone();
        let step =
            edge.perform(&edge.jobs, move |operations, record| mosip::rotate_ahead_step(operations, record, &tenant));
        match step.await {
            Ok(done) => match done.outcome {
                Some(key) => tracing::info!(event = "mosip.rotated", key, "the successor of a key was made"),
                None => return Ok(()),
            },
            Err(OperationError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
        edge.reload().await?;
    }
    Ok(())
}
