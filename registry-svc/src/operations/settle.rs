//! Settlement: the key manager is told which seals were stored and which were not.

use std::time::Duration;

use km_proto::v1;

use super::{Registry, wire};
use crate::{
    error::RegistryError,
    keymanager::{Behalf, KeyManagerError},
    storage::intents::{self, Outstanding},
};

/// A call settles at most so many of each kind.
const MOST: i64 = 1000;
/// A stored seal is confirmed with the next call; where none comes for so long, by a call of its own.
const LEFT_TO_CALLS: Duration = Duration::from_secs(4);

/// Tells what is outstanding, in calls that ask for nothing else. Answers how many seals were settled.
///
/// # Errors
/// The key manager or the database is not available; what was not told stays to be settled.
pub async fn settle(registry: &Registry) -> Result<usize, RegistryError> {
    // Younger ones are on their way with another call, as a rule: told twice they would be in the log twice.
    let told = outstanding(registry, LEFT_TO_CALLS).await?;
    let count = told.stored.len() + told.dropped.len();
    match tell(registry, &told).await {
        Ok(()) => forget(registry, told).await?,
        // An outage at the key manager says nothing of the seals.
        Err(error @ KeyManagerError::Refused(_)) if is_passing(&error) => return Err(error.into()),
        // One seal that cannot be withdrawn holds up all others of its call, so each is told by itself.
        Err(KeyManagerError::Refused(_)) if count > 1 => {
            for one in apart(told) {
                settle_one(registry, one).await?;
            }
        }
        Err(KeyManagerError::Refused(refusal)) => {
            nothing_to_settle(&refusal.code);
            forget(registry, told).await?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(count)
}

/// A call that asks for nothing: its answer says that the key manager is there, and brings the newest checkpoint.
///
/// # Errors
/// The key manager is not available, or its log is not believed.
pub async fn touch(registry: &Registry) -> Result<(), RegistryError> {
    let message = v1::SealRecordRequest { register: String::new(), items: vec![], settlement: None, import: false };
    registry.keymanager.seal(&Behalf::registry()?, message).await?;
    Ok(())
}

/// Withdraws what is to be withdrawn and answers what is to be confirmed along with the next call. Withdrawing does not
/// ride on a caller's request: if it failed, that request would fail for a reason that is not its own.
pub(super) async fn before_call(registry: &Registry) -> Result<Outstanding, RegistryError> {
    let told = outstanding(registry, Duration::ZERO).await?;
    if told.dropped.is_empty() {
        return Ok(told);
    }
    settle(registry).await?;
    Ok(Outstanding::default())
}

/// Forgets what a call that succeeded has told.
pub(super) async fn forget(registry: &Registry, told: Outstanding) -> Result<(), RegistryError> {
    if told.is_empty() {
        return Ok(());
    }
    Ok(registry.store.write(move |db| intents::settled(db, &told)).await?)
}

async fn outstanding(registry: &Registry, age: Duration) -> Result<Outstanding, RegistryError> {
    let (tenant, before) = (registry.tenant.to_string(), registry.clock.now().minus(age));
    Ok(registry.store.read(move |db| intents::outstanding(db, &tenant, before, MOST)).await?)
}

async fn settle_one(registry: &Registry, one: Outstanding) -> Result<(), RegistryError> {
    match tell(registry, &one).await {
        Ok(()) => {}
        Err(KeyManagerError::Refused(refusal)) if !refusal.is_passing() => nothing_to_settle(&refusal.code),
        Err(error) => return Err(error.into()),
    }
    forget(registry, one).await
}

const fn is_passing(error: &KeyManagerError) -> bool {
    matches!(error, KeyManagerError::Refused(refusal) if refusal.is_passing())
}

/// The seal was never made, or was settled by a call whose answer was lost.
fn nothing_to_settle(code: &str) {
    tracing::info!(event = "settle.nothing-there", code, "a seal was settled already or never made");
}

async fn tell(registry: &Registry, told: &Outstanding) -> Result<(), KeyManagerError> {
    if told.is_empty() {
        return Ok(());
    }
    let message = v1::SealRecordRequest {
        register: String::new(),
        items: Vec::new(),
        settlement: Some(wire::settlement(told)),
        import: false,
    };
    registry.keymanager.seal(&Behalf::registry()?, message).await.map(drop)
}

fn apart(told: Outstanding) -> Vec<Outstanding> {
    let stored = told.stored.into_iter().map(|row| Outstanding { stored: vec![row], dropped: vec![] });
    let dropped = told.dropped.into_iter().map(|row| Outstanding { stored: vec![], dropped: vec![row] });
    stored.chain(dropped).collect()
}
