//! The registry's own events in the key manager's log, and its cosignatures.

use km_audit::EventKind;
use km_proto::v1;

use super::{Behalf, KeyManager, KeyManagerError, Link};

/// An event of the registry, to be completed by its caller.
pub fn event(kind: EventKind, register: &str, outcome: &str) -> v1::RegistryEvent {
    v1::RegistryEvent {
        kind: kind.name().to_owned(),
        register: register.to_owned(),
        outcome: outcome.to_owned(),
        reason: String::new(),
        count: 0,
        request_id: String::new(),
        digest: String::new(),
    }
}

impl KeyManager {
    /// Appends one event. When this returns, it is durable; if it fails, what the event tells of must not be answered.
    ///
    /// # Errors
    /// As [`KeyManagerError`].
    pub async fn append(&self, behalf: &Behalf, event: v1::RegistryEvent) -> Result<(), KeyManagerError> {
        let event = v1::RegistryEvent { request_id: behalf.request_id().to_owned(), ..event };
        let message = Link::request(behalf, v1::AppendEventsRequest { events: vec![event] })?;
        let answer = self.link.log().append_events(message).await?.into_inner();
        self.witness.check(&self.link, answer.checkpoint).await
    }

    /// Hands in a checkpoint with this registry's cosignature.
    ///
    /// # Errors
    /// As [`KeyManagerError`].
    pub async fn cosign(&self, behalf: &Behalf, note: String) -> Result<(), KeyManagerError> {
        let message = Link::request(behalf, v1::CosignRequest { note })?;
        self.link.log().cosign(message).await?;
        Ok(())
    }
}
