//! Revocation lists of partners' authorities, fetched from where certificates in the trust stores say that they are, at hosts that
//! configuration names; without such hosts nobody is asked.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use km_domain::TenantId;
use km_operations::{OperationError, mosip};
use km_service::Shutdown;

use crate::edge::Edge;

/// How soon a list is fetched whose authority has just been uploaded.
const LOOK: Duration = Duration::from_secs(5);
/// Longest list, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// Fetches each list when its address is first seen, and then once a period.
pub async fn keep(edge: Edge, tenant: TenantId, period: Duration, shutdown: Shutdown) {
    let mut fetched: HashMap<String, Instant> = HashMap::new();
    loop {
        let owner = tenant.clone();
        let addresses = edge.ask(&edge.plain, move |operations| Ok(mosip::list_addresses(operations, &owner))).await;
        let addresses = addresses.unwrap_or_default();
        fetched.retain(|address, _| addresses.contains(address));
        for address in addresses {
            if fetched.get(&address).is_some_and(|last| last.elapsed() < period) {
                continue;
            }
            fetched.insert(address.clone(), Instant::now());
            if let Err(reason) = fetch(&edge, &tenant, &address).await {
                tracing::warn!(event = "mosip.list-not-fetched", address, reason, "a revocation list was not fetched");
            }
        }
        if !shutdown.pause(LOOK).await {
            return;
        }
    }
}

async fn fetch(edge: &Edge, tenant: &TenantId, address: &str) -> Result<(), String> {
    let list = edge.fetcher.signed(address, LONGEST).await.map_err(|error| error.to_string())?;
    let tenant = tenant.clone();
    let kept = edge.perform(&edge.jobs, move |operations, _| mosip::keep_list(operations, &tenant, &list)).await;
    match kept {
        Ok(kept) if kept.outcome => edge.reload().await.map_err(|error| error.to_string()),
        // The same as before; or another replica was faster.
        Ok(_) | Err(OperationError::Conflict(_)) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
