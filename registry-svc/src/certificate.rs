//! This service's certificate: bought once with a one-time token, then renewed with itself. It is the server's certificate
//! of the listener and the client's towards the key manager.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use km_auth::Peer;
use km_domain::{Clock, SecretText, ServiceIdentity, ServiceKind, Timestamp};
use km_service::{Fetcher, Shutdown, StateDir, config::read_secret_text, state::write_atomically, tls::Identity};

use crate::{
    config::KeyManagerConfig,
    keymanager::{Behalf, KeyManager, KeyManagerError, enrol},
    startup::StartError,
};

/// The certificate in use. Clones share it.
#[derive(Clone)]
pub struct Certificate {
    files: Arc<Files>,
    identity: Identity,
    held: Arc<RwLock<Held>>,
    /// The key manager's REST listener and the way there, for a one-time token.
    rest: String,
    fetcher: Fetcher,
}

/// What the certificate says, and since when it is here. Its own beginning lies before its issue, for clocks that differ.
struct Held {
    peer: Peer,
    since: Timestamp,
}

/// Where certificate and key lie. A new key waits beside the old one until its certificate is in place, so that no crash
/// leaves a pair that does not fit.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    next_key: PathBuf,
    invitation: PathBuf,
}

impl Certificate {
    /// The certificate of the state folder; without one that still holds, a first one for the one-time token. While the key
    /// manager is not up, this waits for it.
    ///
    /// # Errors
    /// No certificate and no token, a token that is refused, files that cannot be read or written.
    pub async fn obtain(
        config: &KeyManagerConfig,
        state: &StateDir,
        fetcher: &Fetcher,
        clock: &dyn Clock,
        shutdown: &Shutdown,
    ) -> Result<Self, StartError> {
        let files = Files {
            certificate: state.join("certificate.pem"),
            key: state.join("key.pem"),
            next_key: state.join("key.pem.next"),
            invitation: config.invitation.clone().unwrap_or_else(|| state.join("invitation")),
        };
        match files.load() {
            Ok((identity, held)) if held.peer.is_current(clock.now()) => {
                return Ok(Self::new(files, identity, held, config, fetcher));
            }
            Ok(_) => tracing::warn!(event = "certificate.ended", "the certificate has ended; a new token is needed"),
            Err(_) if !files.certificate.exists() => {}
            Err(error) => tracing::warn!(event = "certificate.unusable", %error, "the certificate cannot be used"),
        }
        files.enrol(&config.rest, fetcher, shutdown).await?;
        let (identity, held) = files.load()?;
        Ok(Self::new(files, identity, held, config, fetcher))
    }

    fn new(files: Files, identity: Identity, held: Held, config: &KeyManagerConfig, fetcher: &Fetcher) -> Self {
        let (rest, fetcher) = (config.rest.clone(), fetcher.clone());
        Self { files: Arc::new(files), identity, held: Arc::new(RwLock::new(held)), rest, fetcher }
    }

    /// For TLS, both ways.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whom the certificate names.
    pub fn service(&self) -> ServiceIdentity {
        self.read(|held| held.peer.identity.clone())
    }

    /// Whether two thirds of its life are over.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next_look(now) == Duration::ZERO
    }

    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.read(|held| !held.peer.is_current(now))
    }

    /// The time until it is due.
    pub fn next_look(&self, now: Timestamp) -> Duration {
        self.read(|held| until_due(held.since.max(held.peer.not_before), held.peer.not_after, now))
    }

    /// Takes a new key and a certificate for it. The old ones stay if anything fails.
    ///
    /// # Errors
    /// As [`KeyManagerError`], and files that cannot be written.
    pub async fn renew(&self, keymanager: &KeyManager) -> Result<(), StartError> {
        let (key, csr) = km_auth::new_key_and_request()?;
        let chain = keymanager.renew_certificate(&Behalf::registry()?, csr).await?;
        let pem: String = chain.iter().map(|der| certificate_pem(der)).collect();
        self.files.replace(&pem, &key)?;
        self.take_into_use(keymanager)
    }

    /// Buys a new certificate with a one-time token that somebody has put in its place since: with one that has ended, nothing
    /// can be renewed.
    ///
    /// # Errors
    /// As [`Certificate::obtain`], and while the key manager does not answer.
    pub async fn buy(&self, keymanager: &KeyManager, shutdown: &Shutdown) -> Result<(), StartError> {
        self.files.enrol(&self.rest, &self.fetcher, shutdown).await?;
        self.take_into_use(keymanager)
    }

    fn take_into_use(&self, keymanager: &KeyManager) -> Result<(), StartError> {
        self.identity.reload(&self.files.certificate, &self.files.key)?;
        let (_, held) = self.files.load()?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = held;
        keymanager.reconnect();
        Ok(())
    }

    fn read<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Files {
    fn load(&self) -> Result<(Identity, Held), StartError> {
        let identity = match Identity::from_files(&self.certificate, &self.key) {
            Ok(identity) => identity,
            // A renewal was broken off between its two files.
            Err(_) if self.next_key.exists() => {
                let identity = Identity::from_files(&self.certificate, &self.next_key)?;
                fs::rename(&self.next_key, &self.key)?;
                identity
            }
            Err(error) => return Err(error.into()),
        };
        let written = fs::metadata(&self.certificate)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let held = Held { peer: registry_of(&identity)?, since: Timestamp::from_seconds(0).plus(written) };
        Ok((identity, held))
    }

    async fn enrol(&self, rest: &str, fetcher: &Fetcher, shutdown: &Shutdown) -> Result<(), StartError> {
        if !self.invitation.exists() {
            let path = self.invitation.display();
            return Err(StartError::refused(format!(
                "there is no certificate and no one-time token: put one into {path} (keymanager-svc invite)"
            )));
        }
        let token = read_secret_text(&self.invitation).map_err(|error| StartError::refused(error.to_string()))?;
        let token = SecretText::new(token.as_str().to_owned());
        let (key, csr) = km_auth::new_key_and_request()?;
        let chain = loop {
            match enrol(fetcher, rest, &token, csr.clone()).await {
                Ok(chain) => break chain,
                Err(error @ KeyManagerError::Unavailable(_)) => {
                    tracing::info!(event = "enrolment.waiting", %error, "waiting for the key manager");
                    if !shutdown.pause(Duration::from_secs(1)).await {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        };
        self.replace(&chain, &key)?;
        let _ = fs::remove_file(&self.invitation);
        tracing::info!(event = "enrolment.done", "this service has its first certificate");
        Ok(())
    }

    fn replace(&self, chain: &str, key: &SecretText) -> Result<(), StartError> {
        let identity = Identity::from_pem(chain.as_bytes(), key.expose().as_bytes())?;
        registry_of(&identity)?;
        write_atomically(&self.next_key, key.expose().as_bytes(), 0o600)?;
        write_atomically(&self.certificate, chain.as_bytes(), 0o644)?;
        fs::rename(&self.next_key, &self.key)?;
        Ok(())
    }
}

/// Two thirds of the time that is left when a certificate comes.
fn until_due(since: Timestamp, not_after: Timestamp, now: Timestamp) -> Duration {
    let life = (not_after.micros() - since.micros()).max(0);
    let due = since.micros() + life / 3 * 2;
    Duration::from_micros(u64::try_from(due - now.micros()).unwrap_or(0))
}

fn registry_of(identity: &Identity) -> Result<Peer, StartError> {
    let peer = km_auth::peer::peer(&identity.chain())?;
    if peer.identity.kind != ServiceKind::Registry {
        return Err(StartError::refused("the certificate is not a registry's".to_owned()));
    }
    Ok(peer)
}

/// PEM text (RFC 7468).
fn certificate_pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + "-----END CERTIFICATE-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_at_two_thirds_of_the_time_that_was_left() {
        let at = Timestamp::from_seconds;
        assert_eq!(until_due(at(100), at(160), at(100)), Duration::from_secs(40));
        assert_eq!(until_due(at(100), at(160), at(139)), Duration::from_secs(1));
        assert_eq!(until_due(at(100), at(160), at(141)), Duration::ZERO);
        assert_eq!(until_due(at(200), at(160), at(201)), Duration::ZERO, "already over when it came");
    }
}
