//! Asks a responder for the status of certificates that an operation is about to judge, where configuration names one. Who does not
//! answer in time delays a call once, and then is left alone for a while.

use std::{sync::Arc, time::Duration};

use km_operations::{Caller, mosip};

use super::Dialect;

/// How long a call waits for the responder.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest answer, in bytes.
const LONGEST: usize = 64 * 1024;

impl Dialect {
    /// Asks after the first of these certificates (DER) and those above it, as far as the domain trusts it.
    pub async fn ask_status(&self, caller: &Caller, domain: &str, certificates: Vec<Vec<u8>>) {
        let rules = self.edge.parts.operations.rules.mosip.as_ref();
        let Some(responder) = rules.and_then(|rules| rules.trust.responder.clone()) else { return };
        let (tenant, domain) = (caller.tenant().clone(), domain.to_owned());
        let questions = self.edge.ask(&self.edge.plain, move |operations| {
            mosip::status_questions(operations, &tenant, &domain, &certificates)
        });
        for question in questions.await.unwrap_or_default() {
            let question = Arc::new(question);
            let sent = question.der.clone();
            let asked = self.edge.fetcher.signed_answer(&responder, "application/ocsp-request", sent, LONGEST);
            let answer = match tokio::time::timeout(PATIENCE, asked).await {
                Ok(Ok(answer)) => Some(answer),
                Ok(Err(error)) => {
                    tracing::warn!(event = "mosip.responder-away", reason = %error, "a certificate's status is not known");
                    None
                }
                Err(_) => {
                    tracing::warn!(
                        event = "mosip.responder-away",
                        reason = "late",
                        "a certificate's status is not known"
                    );
                    None
                }
            };
            let kept = self.edge.ask(&self.edge.plain, move |operations| {
                Ok(mosip::keep_status(operations, &question, answer.as_deref()))
            });
            if let Ok(Err(error)) = kept.await {
                tracing::warn!(event = "mosip.responder-not-believed", reason = %error, "a certificate's status is not known");
            }
        }
    }
}
