//! Welch's t-test on two sets of times (B. L. Welch, Biometrika 34, 1947), as Goodwill et al. and dudect use it to look for
//! timing leaks: |t| of 4.5 or more says that the means differ with a chance of error below 1 in 100,000.

/// |t| that is taken for a leak.
pub const LIMIT: f64 = 4.5;

/// Times of one class of calls, in nanoseconds.
pub struct Sample(pub Vec<u64>);

impl Sample {
    fn mean(&self) -> f64 {
        self.0.iter().map(|time| *time as f64).sum::<f64>() / self.0.len() as f64
    }

    fn variance(&self, mean: f64) -> f64 {
        self.0.iter().map(|time| (*time as f64 - mean).powi(2)).sum::<f64>() / (self.0.len() - 1) as f64
    }

    pub fn median(&self) -> u64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[sorted.len() / 2]
    }

    fn below(&self, limit: u64) -> Self {
        Self(self.0.iter().copied().filter(|time| *time <= limit).collect())
    }
}

/// |t| of the two sets as they are.
pub fn t(a: &Sample, b: &Sample) -> f64 {
    let (mean_a, mean_b) = (a.mean(), b.mean());
    let spread = a.variance(mean_a) / a.0.len() as f64 + b.variance(mean_b) / b.0.len() as f64;
    (mean_a - mean_b).abs() / spread.sqrt()
}

/// |t| without the slowest tenth of both: interruptions by the machine, which hide small differences.
pub fn t_cropped(a: &Sample, b: &Sample) -> f64 {
    let mut all: Vec<u64> = a.0.iter().chain(&b.0).copied().collect();
    all.sort_unstable();
    let limit = all[all.len() * 9 / 10];
    t(&a.below(limit), &b.below(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_differ_by_nothing_and_others_do() {
        let one = Sample((0..1000).map(|at| 100 + at % 7).collect());
        let two = Sample((0..1000).map(|at| 101 + at % 7).collect());
        assert!(t(&one, &one) < 1e-9);
        assert!(t(&one, &two) > LIMIT && t_cropped(&one, &two) > LIMIT);
        assert_eq!(one.median(), 103);
    }
}
