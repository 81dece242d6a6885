//! The table on the terminal, as Markdown, and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::measure::Row;

/// A figure that has a limit of its own.
#[derive(Debug, Clone)]
pub struct Fact {
    pub what: String,
    pub value: String,
    /// What we want, where there is a wish, and whether it is so.
    pub wish: Option<(String, bool)>,
}

impl Fact {
    pub fn told(what: impl Into<String>, value: impl Into<String>) -> Self {
        Self { what: what.into(), value: value.into(), wish: None }
    }

    /// A figure that has to stay under a limit.
    pub fn below(what: impl Into<String>, value: f64, limit: f64, unit: &str) -> Self {
        let wish = Some((format!("{limit:.1} {unit} at most"), value <= limit));
        Self { what: what.into(), value: format!("{value:.2} {unit}"), wish }
    }
}

/// All that was measured.
#[derive(Debug, Default)]
pub struct Report {
    /// How it was measured, and on what.
    pub settings: Vec<(String, String)>,
    pub rows: Vec<Row>,
    pub facts: Vec<Fact>,
    /// Figures in full, by name.
    pub raw: serde_json::Map<String, Value>,
}

const HEAD: [&str; 8] =
    ["row", "a second", "ceiling", "ratio", "reach", "µs cpu", "p50 / p99 / p99.9 ms at 1, 16, 32 connections", ""];

impl Report {
    /// For a terminal.
    pub fn terminal(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.settings {
            let _ = writeln!(text, "{name:<22} {value}");
        }
        let rows: Vec<[String; 8]> = self.rows.iter().map(cells).collect();
        let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).chain([HEAD[at].chars().count()]).max();
        let widths: Vec<usize> = (0..HEAD.len()).map(|at| width(at).unwrap_or_default()).collect();
        let line = |cells: &[String; 8]| {
            let padded = cells.iter().zip(&widths).enumerate().map(|(at, (cell, width))| {
                if (1..6).contains(&at) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let _ = writeln!(text, "\n{}", line(&HEAD.map(str::to_owned)));
        for (row, cells) in self.rows.iter().zip(&rows) {
            let _ = writeln!(text, "{}\n    of: {}; {}", line(cells), row.title.ceiling, row.note);
            if let Some(reason) = in_the_way(row) {
                let _ = writeln!(text, "    in the way: {reason}");
            }
        }
        let _ = writeln!(text);
        for Fact { what, value, wish } in &self.facts {
            let _ = writeln!(text, "{what:<60} {value:>14}  {}", wished(wish.as_ref()));
        }
        text
    }

    /// For the README.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "| row | a second | ceiling | ratio | reach | µs of processor | p50 / p99 / p99.9 in ms at 1 · 16 · 32 connections |\n|---|--:|--:|--:|--:|--:|---|\n",
        );
        for row in &self.rows {
            let [name, ours, ceiling, ratio, reach, processor, latency, _] = cells(row);
            let ratio = if row.holds() { ratio } else { format!("**{ratio}**") };
            let _ = writeln!(text, "| {name} | {ours} | {ceiling} | {ratio} | {reach} | {processor} | {latency} |");
        }
        for row in &self.rows {
            let _ = writeln!(text, "\n{}: ceiling: {}; {}.", row.title.what, row.title.ceiling, row.note);
            if let Some(reason) = in_the_way(row) {
                let _ = writeln!(text, "In the way: {reason}");
            }
        }
        text.push_str("\n| figure | | wish |\n|---|--:|---|\n");
        for Fact { what, value, wish } in &self.facts {
            let _ = writeln!(text, "| {what} | {value} | {} |", wished(wish.as_ref()));
        }
        text.push('\n');
        for (name, value) in &self.settings {
            let _ = writeln!(text, "{name}: {value}  ");
        }
        text
    }

    pub fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "name": row.title.name, "what": row.title.what, "ceiling": row.title.ceiling, "note": row.note,
                "operations_per_second": row.ours, "ceiling_per_second": row.ceiling, "ratio": row.ratio,
                "reach": row.title.reach, "holds": row.holds(), "ceiling_processor_us": row.ceiling_processor,
                "levels": row.levels,
            })
        };
        let fact = |fact: &Fact| {
            let wish = fact.wish.as_ref();
            json!({"what": fact.what, "value": fact.value, "wish": wish.map(|wish| &wish.0), "holds": wish.map(|wish| wish.1)})
        };
        let settings: serde_json::Map<String, Value> =
            self.settings.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({
            "settings": settings,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "facts": self.facts.iter().map(fact).collect::<Vec<_>>(),
            "figures": self.raw,
        })
    }
}

fn in_the_way(row: &Row) -> Option<&'static str> {
    (!row.holds() && !row.title.in_the_way.is_empty()).then_some(row.title.in_the_way)
}

fn wished(wish: Option<&(String, bool)>) -> String {
    match wish {
        None => String::new(),
        Some((wish, true)) => format!("{wish}: yes"),
        Some((wish, false)) => format!("{wish}: NO"),
    }
}

fn cells(row: &Row) -> [String; 8] {
    let mut levels = row.levels.clone();
    levels.sort_by_key(|level| level.connections);
    let latencies = levels.iter().map(|level| {
        let latency = level.latency;
        format!("{:.2} / {:.2} / {:.2}", latency.p50, latency.p99, latency.p999)
    });
    let errors: u64 = levels.iter().map(|level| level.errors).sum();
    let mut remark = if row.holds() { "" } else { "short" }.to_owned();
    if errors > 0 {
        let _ = write!(remark, " {errors} ERRORS");
    }
    [
        row.title.what.to_owned(),
        whole(row.ours),
        whole(row.ceiling),
        format!("{:.2}", row.ratio),
        format!("{:.2}", row.title.reach),
        row.levels.first().map_or_else(String::new, |level| processor(level.processor, row.ceiling_processor)),
        latencies.collect::<Vec<_>>().join(" · "),
        remark,
    ]
}

/// The server's time for an operation, and the ceiling's where that is a server too.
fn processor(ours: f64, ceiling: Option<f64>) -> String {
    match ceiling {
        Some(ceiling) => format!("{ours:.1} (ceiling {ceiling:.1})"),
        None => format!("{ours:.1}"),
    }
}

/// 12345.6 as 12,346.
fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([super::whole(0.4), super::whole(999.6), super::whole(1_234_567.0)], ["0", "1,000", "1,234,567"]);
    }
}
