//! Renews this service's certificate at two thirds of its life. Connections go on; new ones show the new certificate.

use std::{sync::Arc, time::Duration};

use km_domain::Clock;
use km_service::{Component, Readiness, Shutdown};

use crate::{certificate::Certificate, keymanager::KeyManager};

/// How often the certificate's age is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// How soon a failed renewal is tried again.
const BREATH: Duration = Duration::from_secs(1);

/// Runs until the service stops.
pub async fn run(
    certificate: Certificate,
    keymanager: KeyManager,
    clock: Arc<dyn Clock>,
    readiness: Readiness,
    shutdown: Shutdown,
) {
    loop {
        if certificate.is_due(clock.now()) {
            let has_ended = certificate.has_ended(clock.now());
            let renewed = match has_ended {
                true => certificate.buy(&keymanager, &shutdown).await,
                false => certificate.renew(&keymanager).await,
            };
            match renewed {
                Ok(()) => {
                    readiness.set("certificate", Component::Up, "");
                    tracing::info!(event = "certificate.renewed", "this service has a new certificate");
                }
                Err(error) => {
                    let (state, text) = match has_ended {
                        true => (Component::Down, "the certificate has ended; a one-time token buys a new one"),
                        false => (Component::Degraded, "the certificate could not be renewed"),
                    };
                    readiness.set("certificate", state, text);
                    tracing::warn!(event = "certificate.not-renewed", %error, "the certificate could not be renewed");
                }
            }
        } else {
            readiness.set("certificate", Component::Up, "");
        }
        if !shutdown.pause(certificate.next_look(clock.now()).clamp(BREATH, LOOK)).await {
            return;
        }
    }
}
