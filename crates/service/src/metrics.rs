//! Figures of this process, as Prometheus reads them. Labels come from closed lists; never an id or a person.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// The recorder of this process. Clones share it.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Takes over recording for this process. A second call in one process (tests) gives a recorder that sees nothing.
    pub fn start() -> Self {
        let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let recorder = PrometheusBuilder::new()
            .set_buckets(&seconds)
            .unwrap_or_else(|_| PrometheusBuilder::new())
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::debug!(event = "metrics.second", "figures are recorded already");
        }
        Self(handle)
    }

    /// The text exposition format.
    pub fn render(&self) -> String {
        self.0.render()
    }

    pub(crate) fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// Adds to a counter.
pub fn count(name: &'static str, labels: &[(&'static str, &'static str)], by: u64) {
    metrics::counter!(name, labels).increment(by);
}

/// Sets a gauge.
#[allow(clippy::cast_precision_loss)]
pub fn gauge(name: &'static str, labels: &[(&'static str, &'static str)], value: f64) {
    metrics::gauge!(name, labels).set(value);
}

/// Adds a duration to a histogram, in seconds.
pub fn observe(name: &'static str, labels: &[(&'static str, &'static str)], took: std::time::Duration) {
    metrics::histogram!(name, labels).record(took.as_secs_f64());
}
