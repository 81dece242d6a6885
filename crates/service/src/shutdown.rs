//! The wish to stop: from SIGTERM, SIGINT or from inside.

use std::{io, sync::Arc};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// A switch that goes one way. Clones share it.
#[derive(Clone)]
pub struct Shutdown {
    sender: Arc<watch::Sender<bool>>,
}

impl Shutdown {
    /// A switch that nothing but [`Shutdown::request`] turns.
    pub fn manual() -> Self {
        Self { sender: Arc::new(watch::Sender::new(false)) }
    }

    /// A switch that SIGTERM and SIGINT turn. Needs a running tokio runtime.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::manual();
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let switch = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!(event = "process.stopping", "asked to stop");
            switch.request();
        });
        Ok(shutdown)
    }

    pub fn request(&self) {
        self.sender.send_replace(true);
    }

    pub fn is_requested(&self) -> bool {
        *self.sender.borrow()
    }

    /// Returns when the switch has been turned.
    pub async fn requested(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives in `self`, so the channel cannot close while this waits.
        let _ = receiver.wait_for(|requested| *requested).await;
    }

    /// Waits for `period`, less if a stop is requested meanwhile. For jobs that come round: `false` means stop.
    pub async fn pause(&self, period: std::time::Duration) -> bool {
        tokio::select! {
            () = self.requested() => false,
            () = tokio::time::sleep(period) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_wakes_whoever_waits_now_or_later() {
        let shutdown = Shutdown::manual();
        let waiting = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.requested().await }
        });
        assert!(!shutdown.is_requested());
        shutdown.request();
        waiting.await.unwrap();
        assert!(!shutdown.pause(std::time::Duration::from_secs(60)).await);
    }
}
