//! The benchmark: `km-bench NAME [JSON FILE]`. `tests/bench/run.sh` builds and runs it.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod key_manager;
mod oaep;
mod timing;
mod welch;

use std::process::ExitCode;

use km_test_support::token::with_tokens;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("timing") => {
            let json = arguments.next();
            with_tokens(|token| {
                let report = timing::run(token);
                if let Some(file) = &json {
                    std::fs::write(file, format!("{report:#}\n")).expect("the report can be written");
                }
            })
        }
        _ => {
            eprintln!("usage: km-bench timing [JSON FILE]");
            ExitCode::from(2)
        }
    }
}
