//! Settles seals that no call has settled meanwhile, gives up those whose answer will not come, and forgets what has
//! expired.

use std::{sync::Arc, time::Duration};

use km_service::{Component, Readiness, Shutdown};

use crate::{
    error::RegistryError,
    keymanager::KeyManagerError,
    operations::{Registry, announce, settle},
    storage::{idempotency, intents, jobs},
};

/// A call takes at most 30 seconds at either end; after this its answer will not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs until the service stops. Readiness follows the key manager's answers.
pub async fn run(registry: Arc<Registry>, readiness: Readiness, period: Duration, shutdown: Shutdown) {
    let mut started = false;
    loop {
        match give_up(&registry).await {
            Ok(()) => readiness.set("database", Component::Up, ""),
            Err(error) => {
                let how = error.outage().unwrap_or("cannot be used");
                readiness.set("database", Component::Down, format!("the registry's database {how}"));
                tracing::warn!(event = "settle.failed", %error, "old intents could not be looked through");
            }
        }
        // New definitions are told before anything else: what is sealed under them is judged by them.
        let outcome = async {
            if !started {
                announce::started(&registry).await?;
                started = true;
            }
            announce::notices(&registry).await?;
            match settle::settle(&registry).await? {
                // Also when nothing is to be told, the witness looks.
                0 => settle::touch(&registry).await.map(|()| 0),
                settled => Ok(settled),
            }
        };
        match outcome.await {
            Ok(0) => readiness.set("key-manager", Component::Up, ""),
            Ok(settled) => {
                readiness.set("key-manager", Component::Up, "");
                tracing::debug!(event = "settle.done", settled, "seals were settled");
            }
            // Nothing is known of the key manager then, and the database says so itself.
            Err(RegistryError::Store(error)) => {
                tracing::warn!(event = "settle.failed", %error, "it is not known what is to be settled");
            }
            Err(error) => {
                readiness.set("key-manager", Component::Down, said(&error));
                tracing::warn!(event = "settle.failed", %error, "the key manager cannot be told what was stored");
            }
        }
        if !shutdown.pause(period).await {
            return;
        }
    }
}

/// What health says: of a refusal, the key manager's own words.
fn said(error: &RegistryError) -> String {
    match error {
        RegistryError::KeyManager(KeyManagerError::Refused(refusal)) => format!("it says: {}", refusal.detail),
        other => other.to_string(),
    }
}

async fn give_up(registry: &Registry) -> Result<(), crate::storage::StoreError> {
    let now = registry.clock.now();
    registry
        .store
        .write(move |db| {
            let given_up = intents::give_up(db, None, now.minus(PATIENCE))?;
            idempotency::sweep(db, now)?;
            jobs::beat(db, now)?;
            if given_up > 0 {
                tracing::warn!(event = "settle.given-up", given_up, "seals without an answer are withdrawn");
            }
            Ok(())
        })
        .await?;
    // Whoever opens or finds needs one that reads, and the one that writes may go on without it.
    registry.store.read(|_| Ok(())).await
}
