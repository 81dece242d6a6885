//! How a row is measured: in rounds, ceiling and ours one after the other in each, so that what else the machine does meets
//! both. Of the rounds the median counts, of a ratio the median of the rounds' ratios.

use std::time::Duration;

use crate::load::Figures;
use crate::statistics::{Latency, median};

/// Connections at which a row is measured. The first is the one whose rate counts.
pub const CONNECTIONS: [usize; 3] = [32, 16, 1];

/// What the caller of the benchmark wishes.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Rounds.
    pub repeats: usize,
    /// Of one measurement.
    pub time: Duration,
    /// People that are imported and rewrapped.
    pub people: usize,
    /// Keys of which the start is measured.
    pub keys: usize,
}

/// What a row is.
#[derive(Debug, Clone, Copy)]
pub struct Title {
    /// As the command line names it.
    pub name: &'static str,
    pub what: &'static str,
    pub ceiling: &'static str,
    /// The share of the ceiling that we want.
    pub reach: f64,
    /// What holds it back, from a profile; shown where it falls short.
    pub in_the_way: &'static str,
}

/// Ours at one number of connections.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Level {
    pub connections: usize,
    /// Operations a second.
    pub rate: f64,
    /// Of whole calls, milliseconds.
    pub latency: Latency,
    /// Microseconds of the server's processor time for one operation.
    pub processor: f64,
    pub errors: u64,
}

/// A row of the table.
#[derive(Debug, Clone)]
pub struct Row {
    pub title: Title,
    /// Operations a second.
    pub ours: f64,
    pub ceiling: f64,
    pub ratio: f64,
    /// The server's processor time for one operation under the ceiling's load, where the ceiling is a server.
    pub ceiling_processor: Option<f64>,
    /// In the order of [`CONNECTIONS`]; none where there is one connection only.
    pub levels: Vec<Level>,
    /// What was counted.
    pub note: String,
}

impl Row {
    pub fn holds(&self) -> bool {
        self.ratio >= self.title.reach
    }

    /// Of something that is measured as one piece of work: pairs of ours and ceiling, one a round.
    pub fn of_pieces(title: Title, rounds: &[(f64, f64)], note: String) -> Self {
        let of = |which: fn(&(f64, f64)) -> f64| median(rounds.iter().map(which)).unwrap_or_default();
        Self {
            title,
            ours: of(|round| round.0),
            ceiling: of(|round| round.1),
            ratio: of(|round| round.0 / round.1),
            ceiling_processor: None,
            levels: Vec::new(),
            note,
        }
    }
}

/// What a ceiling showed in one round.
pub struct Ceiling {
    pub rate: f64,
    pub processor: Option<f64>,
}

impl From<f64> for Ceiling {
    fn from(rate: f64) -> Self {
        Self { rate, processor: None }
    }
}

impl From<Figures> for Ceiling {
    fn from(figures: Figures) -> Self {
        Self { rate: figures.rate, processor: Some(figures.processor) }
    }
}

/// Measures a row under load.
pub fn rounds<C: Into<Ceiling>>(
    plan: &Plan,
    title: Title,
    note: String,
    mut ceiling: impl FnMut() -> C,
    mut ours: impl FnMut(usize) -> Figures,
) -> Row {
    let mut runs: [Vec<Figures>; CONNECTIONS.len()] = Default::default();
    let mut ceilings: Vec<Ceiling> = Vec::new();
    for round in 1..=plan.repeats {
        ceilings.push(ceiling().into());
        for (runs, connections) in runs.iter_mut().zip(CONNECTIONS) {
            runs.push(ours(connections));
        }
        let (ours, ceiling) = (runs[0][round - 1], &ceilings[round - 1]);
        eprintln!(
            "{} {round}/{}: {:.0} of {:.0}, errors {}",
            title.name, plan.repeats, ours.rate, ceiling.rate, ours.errors
        );
    }
    let of = |which: fn(&Ceiling) -> f64| median(ceilings.iter().map(which)).unwrap_or_default();
    let ratios = runs[0].iter().zip(&ceilings).map(|(ours, ceiling)| ours.rate / ceiling.rate);
    let levels: Vec<Level> =
        CONNECTIONS.iter().zip(&runs).map(|(connections, runs)| level(*connections, runs)).collect();
    Row {
        title,
        ours: levels[0].rate,
        ceiling: of(|one| one.rate),
        ratio: median(ratios).unwrap_or_default(),
        ceiling_processor: median(ceilings.iter().filter_map(|one| one.processor)),
        levels,
        note,
    }
}

fn level(connections: usize, runs: &[Figures]) -> Level {
    let of = |which: fn(&Figures) -> f64| median(runs.iter().map(which)).unwrap_or_default();
    let latencies: Vec<Latency> = runs.iter().map(|run| run.latency).collect();
    Level {
        connections,
        rate: of(|run| run.rate),
        latency: Latency::median(&latencies),
        processor: of(|run| run.processor),
        errors: runs.iter().map(|run| run.errors).sum(),
    }
}
