//! Which client certificates a listener accepts: the service root's, less those on its revocation list.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    time_provider::{DefaultTimeProvider, TimeProvider},
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime, pem::PemObject};

use super::{TlsError, provider, trust_anchors};

/// Roots and revocation lists that can be exchanged while connections go on. Clones share them.
///
/// A handshake asks them once. A connection may live on afterwards, so a door also asks [`ClientTrust::standing`] on
/// every request.
#[derive(Clone)]
pub struct ClientTrust(Arc<Current>);

/// How a client certificate stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// Not in its time any more (or not yet), and not known to be revoked.
    Expired,
    Revoked,
    /// Not under these roots, or not a client certificate.
    Foreign,
}

#[derive(Debug)]
struct Current {
    verifier: ArcSwap<Arc<dyn ClientCertVerifier>>,
    /// Counts exchanges, so that older verdicts are not believed.
    generation: AtomicU64,
    verdicts: Mutex<HashMap<Vec<u8>, Verdict>>,
}

#[derive(Debug, Clone, Copy)]
struct Verdict {
    generation: u64,
    asked: Instant,
    standing: Standing,
    /// The last moment at which the certificate was in its time: revocation of an expired one is judged there.
    valid_at: Option<UnixTime>,
}

/// A verdict is believed for so long: verification of a chain costs a signature check, too much for each request.
const BELIEVED: Duration = Duration::from_secs(1);
const MOST_VERDICTS: usize = 4096;

impl ClientTrust {
    /// From PEM texts: the roots, and their revocation lists (none: nothing is revoked). Once there are lists, there must
    /// be one of every root, or that root's certificates are refused.
    ///
    /// # Errors
    /// No root, or one or a list that cannot be read.
    pub fn from_pem(roots: &[u8], crls: &[u8]) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(Current {
            verifier: ArcSwap::from_pointee(build(roots, crls)?),
            generation: AtomicU64::new(0),
            verdicts: Mutex::default(),
        })))
    }

    /// Trusts these from now on, also for connections that are open.
    ///
    /// # Errors
    /// As [`ClientTrust::from_pem`]; what was trusted before stays.
    pub fn replace(&self, roots: &[u8], crls: &[u8]) -> Result<(), TlsError> {
        self.0.verifier.store(Arc::new(build(roots, crls)?));
        self.0.generation.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Whether this leaf (DER) is on a revocation list, or can no longer be judged under these roots. A certificate that
    /// only ran out of its time is not revoked: its connection ends by age.
    pub fn is_revoked(&self, certificate: &[u8]) -> bool {
        matches!(self.standing(&[certificate]), Standing::Revoked | Standing::Foreign)
    }

    /// How a chain (DER, leaf first) stands now.
    pub fn standing<C: AsRef<[u8]>>(&self, chain: &[C]) -> Standing {
        let Some((leaf, above)) = chain.split_first() else {
            return Standing::Foreign;
        };
        let (leaf, generation) = (leaf.as_ref(), self.0.generation.load(Ordering::SeqCst));
        let known = self.0.verdicts.lock().get(leaf).copied();
        if let Some(verdict) = known
            && verdict.generation == generation
            && verdict.asked.elapsed() < BELIEVED
        {
            return verdict.standing;
        }
        let valid_at = known.and_then(|verdict| verdict.valid_at);
        let verdict = self.0.judge(leaf, above, generation, valid_at);
        let mut verdicts = self.0.verdicts.lock();
        if verdicts.len() >= MOST_VERDICTS {
            verdicts.clear();
        }
        verdicts.insert(leaf.to_vec(), verdict);
        verdict.standing
    }

    pub(super) fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.0) as Arc<dyn ClientCertVerifier>
    }
}

impl Current {
    fn judge<C: AsRef<[u8]>>(&self, leaf: &[u8], above: &[C], generation: u64, valid_at: Option<UnixTime>) -> Verdict {
        let leaf = CertificateDer::from(leaf);
        let above: Vec<_> = above.iter().map(|certificate| CertificateDer::from(certificate.as_ref())).collect();
        let verifier = self.verifier.load();
        let at = |moment: UnixTime| standing_of(verifier.verify_client_cert(&leaf, &above, moment));
        let verdict = |standing, valid_at| Verdict { generation, asked: Instant::now(), standing, valid_at };
        let Some(now) = DefaultTimeProvider.current_time() else {
            return verdict(Standing::Expired, valid_at);
        };
        match at(now) {
            Standing::Good => verdict(Standing::Good, Some(now)),
            // Its time is looked at before the lists, so the lists are asked at a moment when it was in its time.
            Standing::Expired => match valid_at.map(at) {
                Some(Standing::Good) | None => verdict(Standing::Expired, valid_at),
                Some(other) => verdict(other, valid_at),
            },
            other => verdict(other, valid_at),
        }
    }
}

fn standing_of(outcome: Result<ClientCertVerified, Error>) -> Standing {
    match outcome {
        Ok(_) => Standing::Good,
        Err(Error::InvalidCertificate(CertificateError::Revoked)) => Standing::Revoked,
        Err(Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        )) => Standing::Expired,
        Err(_) => Standing::Foreign,
    }
}

fn build(roots: &[u8], crls: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let crls = CertificateRevocationListDer::pem_slice_iter(crls)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| TlsError::Malformed { what: "revocation lists", rule: "must be PEM" })?;
    WebPkiClientVerifier::builder_with_provider(Arc::new(trust_anchors(roots)?), Arc::clone(provider()))
        .with_crls(crls)
        .only_check_end_entity_revocation()
        // Which names we trust is nobody's business before the handshake is through.
        .clear_root_hint_subjects()
        .build()
        .map_err(|error| TlsError::Trust(error.to_string()))
}

impl ClientCertVerifier for Current {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verifier.load().verify_client_cert(leaf, above, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.load().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.load().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.load().supported_verify_schemes()
    }
}
