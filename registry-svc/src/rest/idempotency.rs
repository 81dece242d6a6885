//! `Idempotency-Key`: the same key with the same request gets the same answer for 24 hours.

use std::{future::Future, time::Duration};

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
};
use km_audit::digest::hex_sha256;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::preconditions::etag;
use crate::{
    error::RegistryError,
    operations::{Caller, Registry},
    storage::idempotency::{self, Begun, IdempotencyKey},
};

/// An answer that can be given again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    pub status: u16,
    /// Version of the one record that the answer is about.
    pub version: Option<u32>,
    pub body: Value,
}

impl Reply {
    pub fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if let Some(version) = self.version {
            response.insert_header((header::ETAG, etag(version)));
        }
        response.json(self.body)
    }
}

const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// A call that broke off without a trace gives its key back after this.
const LONGEST_CALL: Duration = Duration::from_secs(120);

/// Runs `work` once for the key that the headers hold, or just runs it if they hold none. Only answers of success are
/// kept: a refused request changed nothing and may be corrected.
///
/// `request` is what the key stands for: route and body.
///
/// # Errors
/// What `work` answers, or that the key is in use.
pub async fn once(
    registry: &Registry,
    caller: &Caller,
    headers: &HeaderMap,
    request: &str,
    work: impl Future<Output = Result<Reply, RegistryError>>,
) -> Result<Reply, RegistryError> {
    let Some(key) = key(caller, headers)? else { return work.await };
    let now = registry.clock.now();
    let (taken, digest) = (key.clone(), hex_sha256(request.as_bytes()).into_bytes());
    let until = now.plus(LONGEST_CALL);
    let begun = registry.store.write(move |db| idempotency::begin(db, &taken, &digest, now, until));
    match begun.await? {
        Begun::New => {}
        Begun::Running => return Err(RegistryError::IdempotencyRunning),
        Begun::OtherBody => return Err(RegistryError::IdempotencyMismatch),
        Begun::Answered { answer, .. } => {
            return serde_json::from_str(&answer)
                .map_err(|_| crate::storage::StoreError::Damaged("idempotency_keys").into());
        }
    }
    let outcome = work.await;
    let until = registry.clock.now().plus(KEPT);
    match &outcome {
        Ok(reply) => {
            let (status, text) = (i32::from(reply.status), serde_json::to_string(reply).unwrap_or_default());
            registry.store.write(move |db| idempotency::finish(db, &key, status, &text, until)).await?;
        }
        Err(_) => registry.store.write(move |db| idempotency::abandon(db, &key)).await?,
    }
    outcome
}

fn key(caller: &Caller, headers: &HeaderMap) -> Result<Option<IdempotencyKey>, RegistryError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.is_empty() || text.len() > 128 || !is_plain {
        return Err(RegistryError::malformed("Idempotency-Key", "must be 1 to 128 visible ASCII characters"));
    }
    Ok(Some(IdempotencyKey {
        tenant: caller.principal.tenant.to_string(),
        caller: caller.principal.name(),
        key: text.to_owned(),
    }))
}
