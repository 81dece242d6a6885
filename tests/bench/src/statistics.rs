//! Medians and percentiles.

use std::time::Duration;

/// The middle of some figures; of an even number the upper one. `None` of nothing.
pub fn median(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = figures.into_iter().filter(|figure| figure.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// How long calls took, in milliseconds.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
}

impl Latency {
    /// Nothing, all zero, if there was no call.
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: f64| {
            let place = (times.len() as f64 * share).ceil() as usize;
            let time = times.get(place.saturating_sub(1).min(times.len().saturating_sub(1)));
            time.map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        Self { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
    }

    /// The median of each percentile by itself.
    pub fn median(all: &[Self]) -> Self {
        let of = |which: fn(&Self) -> f64| median(all.iter().map(which)).unwrap_or_default();
        Self { p50: of(|one| one.p50), p99: of(|one| one.p99), p999: of(|one| one.p999) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_calls_that_were_made() {
        let latency = Latency::of((1..=1000).map(Duration::from_millis).collect());
        assert_eq!((latency.p50, latency.p99, latency.p999), (500.0, 990.0, 999.0));
        let one = Latency::of(vec![Duration::from_millis(7)]);
        assert_eq!((one.p50, one.p999), (7.0, 7.0));
        assert_eq!(Latency::of(Vec::new()).p99, 0.0);
    }

    #[test]
    fn a_median_is_the_middle_one() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([]), None);
    }
}
