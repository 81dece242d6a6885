//! Moves subject keys to the newest key-encryption key in short steps, as long as any are left.

use std::time::Duration;

use km_domain::TenantId;
use km_operations::records;
use km_service::Shutdown;

use crate::edge::Edge;

const PERIOD: Duration = Duration::from_secs(1);

pub async fn keep(edge: Edge, batch: u32, shutdown: Shutdown) {
    while shutdown.pause(PERIOD).await {
        let Ok(tenants) = edge.ask(&edge.plain, |operations| Ok(operations.storage.tenants()?)).await else {
            continue;
        };
        for tenant in tenants {
            run(&edge, &tenant, batch, &shutdown).await;
        }
    }
}

async fn run(edge: &Edge, tenant: &TenantId, batch: u32, shutdown: &Shutdown) {
    loop {
        let name = tenant.clone();
        let step = edge.perform(&edge.jobs, move |operations, _| records::rewrap_step(operations, &name, batch)).await;
        match step {
            Ok(done) if done.outcome.0 > 0 && !shutdown.is_requested() => {}
            Ok(_) => return,
            Err(error) => {
                tracing::error!(event = "rewrap.failed", tenant = tenant.as_str(), reason = %error, "a step failed");
                return;
            }
        }
    }
}
