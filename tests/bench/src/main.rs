//! The benchmark: `km-bench run` measures each row beside its ceiling, `km-bench timing` looks for times that tell. `tests/bench/run.sh`
//! builds and runs it.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod ceilings;
mod key_manager;
mod load;
mod measure;
mod process;
mod report;
mod rows;
mod settings;
mod statistics;
mod table;
mod timing;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use km_test_support::token::with_token;

use crate::measure::Plan;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The table.
    Run(Run),
    /// Whether the time of a refusal tells why a ciphertext was refused.
    Timing {
        /// The file for the figures.
        json: PathBuf,
    },
    /// The web server that is a ceiling; `run` starts it.
    #[command(hide = true)]
    Bare(ceilings::bare::Bare),
    /// Makes many keys; `run` starts it.
    #[command(hide = true)]
    Fill(rows::start::Fill),
}

#[derive(Args)]
pub struct Run {
    /// Rows, by name and separated by commas; all if not given.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 5)]
    repeats: usize,
    /// Seconds of one measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// People that are imported and whose keys are rewrapped.
    #[arg(long, default_value_t = 100_000)]
    people: usize,
    /// Keys of which the start is measured.
    #[arg(long, default_value_t = 10_000)]
    keys: usize,
    /// The file for the figures.
    #[arg(long)]
    json: PathBuf,
    /// The file for the table as Markdown.
    #[arg(long)]
    markdown: PathBuf,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run(options) => {
            if let Err(unknown) = table::check(&options.rows) {
                eprintln!("{unknown}");
                return ExitCode::from(2);
            }
            with_token(|token| {
                let plan = Plan {
                    repeats: options.repeats.max(1),
                    time: Duration::from_secs(options.seconds.max(1)),
                    people: options.people.max(1),
                    keys: options.keys,
                };
                let report = table::run(&plan, &options.rows, token);
                std::fs::write(&options.json, format!("{:#}\n", report.json())).expect("the figures are written");
                std::fs::write(&options.markdown, report.markdown()).expect("the table is written");
                println!("{}", report.terminal());
            })
        }
        Command::Timing { json } => with_token(|token| {
            let report = timing::run(token);
            std::fs::write(&json, format!("{report:#}\n")).expect("the report can be written");
        }),
        Command::Fill(fill) => {
            fill.run();
            ExitCode::SUCCESS
        }
        Command::Bare(bare) => match bare.serve() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
    }
}
