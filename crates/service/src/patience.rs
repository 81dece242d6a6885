//! How long a request may wait in all for what it needs: it asks several parts one after the other, and each may be slow.

use std::{
    cell::OnceCell,
    future::Future,
    time::{Duration, Instant},
};

tokio::task_local! {
    static REQUEST: Request;
}

struct Request {
    whole: Duration,
    /// When it first asked a part for something: its body, which its sender may be slow with, is there by then.
    asked: OnceCell<Instant>,
}

/// Runs what belongs to one request, which may wait for so long.
pub async fn of_request<T>(whole: Duration, work: impl Future<Output = T>) -> T {
    REQUEST.scope(Request { whole, asked: OnceCell::new() }, work).await
}

/// The same work with what is left of the time of the request that this is called for, when it is run by itself.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    of_request(left(Duration::MAX), work)
}

/// How long to wait for a part that is given `own`: no longer than is left to the request that waits, if one does.
pub fn left(own: Duration) -> Duration {
    let left = |request: &Request| request.whole.saturating_sub(request.asked.get_or_init(Instant::now).elapsed());
    REQUEST.try_with(|request| left(request).min(own)).unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_has_one_time_for_all_its_parts() {
        const WHOLE: Duration = Duration::from_secs(5);
        let breath = || tokio::time::sleep(Duration::from_millis(20));
        of_request(WHOLE, async {
            breath().await;
            assert!(left(WHOLE * 2) > WHOLE - Duration::from_millis(10), "the time before does not count");
            breath().await;
            assert!(left(WHOLE) <= WHOLE - Duration::from_millis(20));
            assert_eq!(left(Duration::from_millis(1)), Duration::from_millis(1));
        })
        .await;
        assert_eq!(left(WHOLE), WHOLE);
        assert_eq!(of_request(Duration::ZERO, async { left(WHOLE) }).await, Duration::ZERO);
    }
}
