//! The issuers that we trust, their keys, and the verification of their tokens.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use jsonwebtoken::{Algorithm, Validation, errors::ErrorKind};
use km_crypto::digest;
use km_domain::{Principal, Timestamp};
use parking_lot::RwLock;
use serde_json::{Map, Value};

use crate::{
    Audience, AuthError, DocumentError, IssuerConfig, KeySet,
    audience::Heard,
    bearer::LONGEST_TOKEN,
    claims,
    token::Unverified,
    verified::{Entry, Verified},
    verifier,
};

/// All issuers. Shared by every listener of a service.
pub struct Issuers {
    issuers: Vec<Issuer>,
    verified: Verified,
}

struct Issuer {
    config: IssuerConfig,
    keys: RwLock<Keys>,
    /// Microseconds of the last time somebody was told to fetch the keys.
    asked: AtomicI64,
    /// Whether the last attempt to fetch them failed.
    failed: AtomicBool,
}

#[derive(Default)]
struct Keys {
    set: KeySet,
    /// Counts the key sets that differed.
    generation: u64,
}

/// Keys are fetched no more often than this, however many tokens name unknown keys.
pub const SHORTEST_REFRESH: Duration = Duration::from_secs(10);

const NEVER: i64 = i64::MIN;

impl Issuers {
    /// The issuers of the configuration, at first without keys.
    pub fn new(configs: Vec<IssuerConfig>) -> Self {
        verifier::install();
        let issuers = configs
            .into_iter()
            .map(|config| Issuer {
                config,
                keys: RwLock::default(),
                asked: AtomicI64::new(NEVER),
                failed: AtomicBool::new(false),
            })
            .collect();
        Self { issuers, verified: Verified::default() }
    }

    /// The addresses of all issuers, whose documents the edge fetches.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.issuers.iter().map(|issuer| issuer.config.issuer.as_str())
    }

    /// Whether every issuer's keys have been fetched once.
    pub fn are_ready(&self) -> bool {
        self.issuers.iter().all(|issuer| issuer.keys.read().generation > 0)
    }

    /// Issuers whose keys are known and could not be fetched again: those that are known stay in use.
    pub fn out_of_reach(&self) -> Vec<&str> {
        let failed = self.issuers.iter().filter(|issuer| issuer.failed.load(Ordering::Acquire));
        failed.map(|issuer| issuer.config.issuer.as_str()).collect()
    }

    /// Notes that an issuer's documents could not be fetched or read. The former keys stay in use.
    pub fn note_failure(&self, issuer: &str) {
        if let Some(issuer) = self.find(issuer) {
            issuer.failed.store(true, Ordering::Release);
        }
    }

    /// Takes an issuer's key set (RFC 7517), as fetched from its `jwks_uri`. On error the former keys stay in use.
    pub fn set_keys(&self, issuer: &str, jwks: &[u8]) -> Result<(), DocumentError> {
        let issuer = self.find(issuer).ok_or(DocumentError::UnknownIssuer)?;
        let set = KeySet::parse(jwks)?;
        let mut keys = issuer.keys.write();
        if keys.set != set || keys.generation == 0 {
            keys.set = set;
            keys.generation += 1;
        }
        issuer.failed.store(false, Ordering::Release);
        Ok(())
    }

    /// Whether the one who asks shall fetch this issuer's keys now. True for one caller at a time, and not again before
    /// [`SHORTEST_REFRESH`] has passed; false for an issuer that is not configured.
    pub fn needs_refresh(&self, issuer: &str, now: Timestamp) -> bool {
        let Some(issuer) = self.find(issuer) else { return false };
        let last = issuer.asked.load(Ordering::Acquire);
        // A time to come was noted by a clock that has been set back since.
        let is_due = now < Timestamp::from_micros(last)
            || last == NEVER
            || now >= Timestamp::from_micros(last).plus(SHORTEST_REFRESH);
        is_due && issuer.asked.compare_exchange(last, now.micros(), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Verifies an access token at this moment, or finds that it was verified before.
    ///
    /// Checked: form, algorithm, key, signature, issuer, audience, times, subject, tenant, roles (RFC 7519, section 7.2; RFC
    /// 8725). Errors: see [`AuthError`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Principal>, AuthError> {
        self.verify_for(token, now, Audience::Own)
    }

    /// As [`Issuers::verify`], for a listener that also listens to tokens for others.
    pub fn verify_for(&self, token: &str, now: Timestamp, audience: Audience<'_>) -> Result<Arc<Principal>, AuthError> {
        if token.is_empty() {
            return Err(AuthError::Missing);
        }
        if token.len() > LONGEST_TOKEN {
            return Err(AuthError::Malformed);
        }
        // 1. Seen before, and under the keys of today?
        let digest = digest::sha256(token.as_bytes());
        if let Some(entry) = self.verified.find(&digest, now)
            && let Some(issuer) = self.find(&entry.principal.issuer)
            && issuer.keys.read().generation == entry.keys
        {
            entry.heard.admit(audience, &issuer.config.audience)?;
            return Ok(entry.principal);
        }
        // 2. Whose is it, by its own word?
        let unverified = Unverified::read(token)?;
        let issuer = self.find(&unverified.issuer).ok_or(AuthError::UnknownIssuer)?;
        if !issuer.config.algorithms.contains(&unverified.algorithm) {
            return Err(AuthError::Refused("its algorithm is not accepted"));
        }
        // 3. Is it so?
        let (claims, generation) = issuer.verified_claims(token, &unverified)?;
        let heard = Arc::new(Heard::of(&claims)?);
        heard.admit(audience, &issuer.config.audience)?;
        let principal = Arc::new(claims::principal(&issuer.config, &claims, now)?);
        // 4. Not again.
        let until = principal.expires.plus(Duration::from_secs(issuer.config.leeway_seconds.into()));
        self.verified.keep(digest, Entry { principal: Arc::clone(&principal), heard, until, keys: generation });
        Ok(principal)
    }

    /// What is left to be said of a token whose key is not known and was looked for: while the issuer was never reached, that
    /// is no fault of the token.
    pub fn at_last(&self, error: AuthError) -> AuthError {
        match &error {
            AuthError::UnknownKey { issuer }
                if self.find(issuer).is_some_and(|issuer| issuer.keys.read().generation == 0) =>
            {
                AuthError::IssuerAway
            }
            _ => error,
        }
    }

    /// Forgets what was verified for one principal, after a freeze.
    pub fn forget(&self, issuer: &str, subject: &str) {
        self.verified.forget(issuer, subject);
    }

    fn find(&self, issuer: &str) -> Option<&Issuer> {
        self.issuers.iter().find(|candidate| candidate.config.issuer == issuer)
    }

    #[cfg(test)]
    pub(crate) fn remember(&self, digest: [u8; 32], entry: Entry) {
        self.verified.keep(digest, entry);
    }

    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.verified.len()
    }
}

const NOT_ACCEPTED: AuthError = AuthError::Refused("its algorithm is not accepted");

impl Issuer {
    fn verified_claims(&self, token: &str, unverified: &Unverified) -> Result<(Map<String, Value>, u64), AuthError> {
        let (key, generation) = {
            let keys = self.keys.read();
            let key = keys
                .set
                .find(unverified.key_id.as_deref(), unverified.algorithm)
                .ok_or_else(|| AuthError::UnknownKey { issuer: self.config.issuer.clone() })?;
            (verifier::decoding_key(key), keys.generation)
        };
        let algorithm = verifier::algorithm(unverified.algorithm).ok_or(NOT_ACCEPTED)?;
        let checked = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &self.validation(algorithm));
        let verified = checked.map_err(|error| match error.kind() {
            ErrorKind::InvalidIssuer => AuthError::UnknownIssuer,
            ErrorKind::InvalidSignature | ErrorKind::InvalidKeyFormat => AuthError::BadSignature,
            ErrorKind::InvalidAlgorithm => NOT_ACCEPTED,
            ErrorKind::MissingRequiredClaim(_) => AuthError::Refused("it lacks exp, iss, aud or sub"),
            _ => AuthError::Malformed,
        })?;
        Ok((verified.claims, generation))
    }

    /// Times are checked in [`claims`], by the clock that the caller gives; the library reads the machine's. The audience is
    /// checked by what the listener asks ([`Heard::admit`]).
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.config.issuer]);
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation
    }
}
