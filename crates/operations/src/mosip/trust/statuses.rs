//! What a responder said of certificates a while ago (OCSP), kept in memory: bounded, and no longer than it holds. The door asks before
//! an operation that judges a certificate, where configuration names a responder.

use std::collections::HashMap;

use km_crypto::digest::sha256_parts;
use km_domain::{TenantId, Timestamp};
use km_x509::{Certificate, Status, X509Error, ocsp};
use parking_lot::Mutex;

use super::judge::Judge;
use crate::{OperationError, Operations};

/// Answers by certificate and issuer.
#[derive(Default)]
pub struct Statuses(Mutex<HashMap<[u8; 32], Kept>>);

#[derive(Clone, Copy)]
struct Kept {
    /// None: the responder gave none that is of use.
    answer: Option<ocsp::Answer>,
    /// Then it is asked again.
    until: Timestamp,
}

/// Most answers that are kept.
const MOST: usize = 10_000;
/// How long an answer is believed that holds longer, and how long a responder is left alone that gave none, in seconds.
const LONGEST: i64 = 3600;
const PAUSE: i64 = 60;
/// Most certificates of one path that are asked after.
const MOST_QUESTIONS: usize = 8;

fn name(certificate: &Certificate, issuer: &Certificate) -> [u8; 32] {
    let length = (certificate.der.len() as u64).to_be_bytes();
    sha256_parts(&[&length, &certificate.der, &issuer.der])
}

impl Statuses {
    /// What is known of a certificate's status at a moment.
    pub(super) fn status(&self, certificate: &Certificate, issuer: &Certificate, at: Timestamp) -> Status {
        let kept = self.0.lock().get(&name(certificate, issuer)).copied();
        kept.and_then(|kept| kept.answer).map_or(Status::Unknown, |answer| answer.status(at))
    }

    fn is_due(&self, certificate: &Certificate, issuer: &Certificate, now: Timestamp) -> bool {
        self.0.lock().get(&name(certificate, issuer)).is_none_or(|kept| kept.until < now)
    }

    fn keep(&self, question: &StatusQuestion, answer: Option<ocsp::Answer>, now: Timestamp) {
        let seconds = |seconds: i64| Timestamp::from_seconds(now.seconds() + seconds);
        let until = answer.map_or(seconds(PAUSE), |answer| answer.ends.min(seconds(LONGEST)));
        let mut kept = self.0.lock();
        if kept.len() >= MOST {
            kept.retain(|_, kept| kept.until >= now);
        }
        if kept.len() < MOST {
            kept.insert(name(&question.certificate, &question.issuer), Kept { answer, until });
        }
    }
}

/// A question that a responder is to be asked.
pub struct StatusQuestion {
    certificate: Certificate,
    issuer: Certificate,
    /// DER (RFC 6960, section 4.1).
    pub der: Vec<u8>,
}

/// What is to be asked before this certificate (DER) is judged in a domain, over others that came with it. None where nobody is to be
/// asked, or no path leads from it to a root: of certificates that nobody trusts nobody is told.
///
/// Errors: the dialect is not served.
pub fn status_questions(
    operations: &Operations,
    tenant: &TenantId,
    domain: &str,
    certificates: &[Vec<u8>],
) -> Result<Vec<StatusQuestion>, OperationError> {
    let keys = operations.keyring.keys();
    let judge = Judge::of(operations, &keys)?;
    let now = operations.clock.now();
    let read: Vec<Certificate> = certificates.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    let (Some((certificate, sent)), Ok(domain)) = (read.split_first(), judge.rules.domain(domain)) else {
        return Ok(Vec::new());
    };
    let Ok(path) = judge.path_whatever_its_status((tenant, &domain), certificate, sent, now) else {
        return Ok(Vec::new());
    };
    let pairs = path.windows(2).take(MOST_QUESTIONS).filter_map(|pair| match pair {
        [below, above] if operations.keyring.statuses.is_due(below, above, now) => Some((*below, *above)),
        _ => None,
    });
    let questions = pairs.map(|(certificate, issuer)| {
        let der = ocsp::question(certificate, issuer)?;
        Ok(StatusQuestion { certificate: certificate.clone(), issuer: issuer.clone(), der })
    });
    Ok(questions.collect::<Result<_, X509Error>>().unwrap_or_default())
}

/// Keeps what the responder answered; that it did not where there is no answer or none that is believed.
///
/// Errors: why it is not believed.
pub fn keep_status(operations: &Operations, question: &StatusQuestion, answer: Option<&[u8]>) -> Result<(), X509Error> {
    let now = operations.clock.now();
    let read = answer.map(|der| ocsp::answer(der, &question.certificate, &question.issuer, now)).transpose();
    operations.keyring.statuses.keep(question, read.as_ref().ok().copied().flatten(), now);
    read.map(|_| ())
}
