//! Between the doors and the operations: lanes, commits, retries, and who is calling.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use km_auth::{Audience, AuthError, Issuers, Peer};
use km_domain::{Principal, ServiceKind, Timestamp};
use km_operations::{Caller, Operation, OperationError, Operations, Record};
use km_service::{Fetcher, Lane, LaneError, RequestContext, tls::ClientTrust};
use km_storage::{Patience, Recorded};

use crate::{error::busy, startup::Parts};

/// What every door shares.
#[derive(Clone)]
pub struct Edge {
    pub parts: Parts,
    /// Work that uses the token.
    pub token: TimedLane,
    /// Work on the same threads that takes a token long by its nature: keys made.
    pub making: TimedLane,
    /// Work that needs no token: it goes on when the token hangs.
    pub plain: TimedLane,
    /// Background jobs and exports.
    pub jobs: TimedLane,
    /// Asks the token whether it is well, and nothing else, so that a token that hangs is noticed.
    pub probe: TimedLane,
    pub issuers: Arc<Issuers>,
    /// Held while an issuer's keys are fetched for a caller.
    pub fetching: Arc<tokio::sync::Mutex<()>>,
    /// Held by an operation that met changes of keys again and again, so that those who do get on one by one.
    pub overtaken: Arc<tokio::sync::Mutex<()>>,
    pub fetcher: Fetcher,
    pub clients: ClientTrust,
}

/// A lane, and how long who hands work to it waits before the answer is 503.
#[derive(Clone)]
pub struct TimedLane {
    pub lane: Lane,
    pub deadline: Duration,
}

/// How long a caller whose token names an unknown key waits for the issuer.
const PATIENCE_WITH_ISSUERS: Duration = Duration::from_secs(2);

/// How often an operation that met a change of keys is run beside others; after that it has its turn until its deadline.
const ATTEMPTS_AT_ONCE: usize = 2;

impl Edge {
    /// Runs an operation on a lane and waits until its record is durable.
    ///
    /// # Errors
    /// The operation's own, or that no thread, token or database was there in time.
    pub async fn perform<T, F>(&self, lane: &TimedLane, operation: F) -> Result<Recorded<T>, OperationError>
    where
        T: Send + 'static,
        F: Fn(&Operations, &Record) -> Operation<T> + Send + Sync + 'static,
    {
        let operation = Arc::new(operation);
        let end = Instant::now() + lane.deadline;
        let patience = Patience::until(end, lane.deadline);
        let mut turn = None;
        for attempt in 0_usize.. {
            if attempt == ATTEMPTS_AT_ONCE {
                turn = tokio::time::timeout_at(end.into(), self.overtaken.lock()).await.ok();
            }
            if attempt > 0 {
                if Instant::now() >= end {
                    break;
                }
                self.reload().await?;
            }
            let (parts, operation) = (self.parts.clone(), Arc::clone(&operation));
            let is_done = Arc::new(AtomicBool::new(false));
            let done = Arc::clone(&is_done);
            let left = end.saturating_duration_since(Instant::now());
            let coming = self.parts.committer.announce();
            let committed = lane.lane.run_to(left, move |answer| {
                let unrecorded = operation(&parts.operations, &parts.committer);
                // Whoever has been told that it was too slow may ask for the opposite before this would be recorded.
                if answer.is_unwanted() {
                    return parts.committer.submit(unrecorded.given_up(), None, drop);
                }
                done.store(true, Ordering::Release);
                parts.committer.submit(unrecorded, Some(patience), move |result| answer.give(result));
                drop(coming);
            });
            let late = |error| match error {
                LaneError::Deadline if is_done.load(Ordering::Acquire) => {
                    OperationError::Unavailable("the audit log was not written in time by the database".into())
                }
                other => busy(other),
            };
            let recorded = match committed.await.map_err(late)? {
                Ok(recorded) => recorded,
                Err(km_storage::StorageError::Stale) => continue,
                Err(error) => return Err(error.into()),
            };
            return recorded.outcome.map(|outcome| Recorded { outcome, placed: recorded.placed });
        }
        drop(turn);
        Err(OperationError::Stale)
    }

    /// As [`Edge::perform`] on the token's lane.
    ///
    /// # Errors
    /// As [`Edge::perform`].
    pub async fn with_token<T, F>(&self, operation: F) -> Result<Recorded<T>, OperationError>
    where
        T: Send + 'static,
        F: Fn(&Operations, &Record) -> Operation<T> + Send + Sync + 'static,
    {
        self.perform(&self.token, operation).await
    }

    /// Runs what needs no record: reading public facts, or the second half of an operation whose record is durable.
    ///
    /// # Errors
    /// As [`Edge::perform`].
    pub async fn ask<T, F>(&self, lane: &TimedLane, question: F) -> Result<T, OperationError>
    where
        T: Send + 'static,
        F: FnOnce(&Operations) -> Result<T, OperationError> + Send + 'static,
    {
        let operations = Arc::clone(&self.parts.operations);
        lane.lane.run(lane.deadline, move || question(&operations)).await.map_err(busy)?
    }

    /// Reads keys anew where there was a change.
    ///
    /// # Errors
    /// As [`Edge::perform`].
    pub async fn reload(&self) -> Result<(), OperationError> {
        self.ask(&self.token, |operations| operations.keyring.follow(&operations.storage, &*operations.keys)).await
    }

    /// The principal of an access token; the issuer's keys are fetched once where the token's key is not known.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub async fn principal(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        self.principal_for(token, Audience::Own).await
    }

    /// As [`Edge::principal`], for a listener that also listens to tokens for others.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub async fn principal_for(&self, token: &str, audience: Audience<'_>) -> Result<Arc<Principal>, AuthError> {
        let now = self.parts.operations.clock.now();
        let principal = match self.issuers.verify_for(token, now, audience) {
            Err(AuthError::UnknownKey { issuer }) => {
                // An issuer that is slow does not hold up the caller; the keys come all the same. Who comes while they are being
                // fetched waits for them too.
                let _ = tokio::time::timeout(PATIENCE_WITH_ISSUERS, self.look_for_keys(issuer, now)).await;
                self.issuers.verify_for(token, now, audience).map_err(|error| self.issuers.at_last(error))?
            }
            other => other?,
        };
        // No caller belongs to the installation itself, whatever an issuer says.
        if principal.tenant.is_system() { Err(AuthError::NoTenant) } else { Ok(principal) }
    }

    async fn look_for_keys(&self, issuer: String, now: Timestamp) {
        let _turn = self.fetching.lock().await;
        if self.issuers.needs_refresh(&issuer, now) {
            let edge = self.clone();
            let _ = tokio::spawn(async move { edge.refresh(&issuer).await }).await;
        }
    }

    /// Fetches an issuer's documents; on failure the former keys stay in use.
    pub async fn refresh(&self, issuer: &str) {
        if let Err(reason) = self.fetch_keys(issuer).await {
            self.issuers.note_failure(issuer);
            tracing::warn!(event = "issuer.unreachable", issuer, reason, "the issuer's keys could not be fetched");
        }
    }

    async fn fetch_keys(&self, issuer: &str) -> Result<(), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let address = km_auth::discovery::address(issuer);
        let document = self.fetcher.json(&address).await.map_err(|error| text(&error))?;
        let discovery =
            km_auth::Discovery::parse(document.to_string().as_bytes(), issuer).map_err(|error| text(&error))?;
        let keys = self.fetcher.json(&discovery.jwks_uri).await.map_err(|error| text(&error))?;
        self.issuers.set_keys(issuer, keys.to_string().as_bytes()).map_err(|error| text(&error))
    }

    /// The service behind a client certificate, provided that it is one of these kinds, current and not revoked.
    pub fn service(&self, chain: &[Vec<u8>], kinds: &[ServiceKind]) -> Result<Peer, &'static str> {
        let peer = km_auth::peer::peer(chain).map_err(|_| "the certificate names no service")?;
        if !kinds.contains(&peer.identity.kind) {
            return Err("a certificate of this kind is not admitted here");
        }
        let leaf = chain.first().map(Vec::as_slice).unwrap_or_default();
        if !peer.is_current(self.parts.operations.clock.now()) || self.clients.is_revoked(leaf) {
            return Err("the certificate has expired or is revoked");
        }
        Ok(peer)
    }

    /// Records that somebody was refused before any operation ran.
    pub async fn record_refusal(&self, who: Refused) {
        let recorded = self.perform(&self.plain, move |operations, _| {
            km_operations::log::refused_at_the_door(operations, &who.actor, who.reason, who.request_id.as_deref())
        });
        if let Err(error) = recorded.await {
            tracing::error!(event = "audit.refusal-not-recorded", code = error.code(), "a refusal was not recorded");
        }
    }

    pub fn caller(&self, principal: Arc<Principal>, names: &RequestContext) -> Caller {
        Caller {
            principal,
            service: None,
            request_id: Some(names.request_id.clone()),
            trace_id: names.trace_id().map(str::to_owned),
        }
    }
}

/// Somebody who was refused at a door.
pub struct Refused {
    /// URI name of a certificate, or empty.
    pub actor: String,
    /// A stable code.
    pub reason: &'static str,
    pub request_id: Option<String>,
}
