//! Keeps every newer checkpoint that was checked, cosigns it and hands it in. Under load many checkpoints come between two
//! rounds; the newest stands for all.

use std::{sync::Arc, time::Duration};

use km_service::Shutdown;

use crate::{
    keymanager::{Behalf, Seen},
    operations::Registry,
    storage::checkpoints::{self, CheckpointRow},
};

/// At most one cosignature in this time.
const PERIOD: Duration = Duration::from_secs(1);

/// Runs until the service stops; the newest checkpoint is kept before that.
pub async fn run(registry: Arc<Registry>, shutdown: Shutdown) {
    let mut watch = registry.keymanager.witness().watch();
    loop {
        let stopping = tokio::select! {
            changed = watch.changed() => changed.is_err(),
            () = shutdown.requested() => true,
        };
        let newest = watch.borrow_and_update().clone();
        if let Some(seen) = newest
            && let Err(error) = keep_and_cosign(&registry, seen).await
        {
            tracing::warn!(event = "witness.failed", error, "a checkpoint was not kept or cosigned");
        }
        if stopping || !shutdown.pause(PERIOD).await {
            return;
        }
    }
}

async fn keep_and_cosign(registry: &Registry, seen: Seen) -> Result<(), String> {
    let row = CheckpointRow {
        origin: seen.checkpoint.origin,
        size: i64::try_from(seen.checkpoint.size).map_err(|error| error.to_string())?,
        note: seen.note.to_string(),
        seen: seen.at.micros(),
        cosigned: None,
    };
    let (origin, size) = (row.origin.clone(), row.size);
    registry.store.write(move |db| checkpoints::keep(db, &row)).await.map_err(|error| error.to_string())?;
    let cosigned = registry.keymanager.witness().cosign(&seen.note).map_err(|error| error.to_string())?.to_string();
    let behalf = Behalf::registry().map_err(|error| error.to_string())?;
    registry.keymanager.cosign(&behalf, cosigned.clone()).await.map_err(|error| error.to_string())?;
    let now = registry.clock.now();
    let kept = registry.store.write(move |db| checkpoints::cosigned(db, &origin, size, &cosigned, now));
    kept.await.map_err(|error| error.to_string())
}
