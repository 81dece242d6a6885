//! `kmctl completion SHELL`

use clap::Args;
use clap_complete::{Shell, generate};
use serde_json::json;

use crate::answer::Answer;

/// Print a completion script for a shell.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl completion bash > /etc/bash_completion.d/kmctl")]
pub struct Arguments {
    shell: Shell,
}

pub fn run(arguments: &Arguments, program: &mut clap::Command) -> Answer {
    let mut script = Vec::new();
    generate(arguments.shell, program, "kmctl", &mut script);
    let script = String::from_utf8_lossy(&script);
    Answer::good(&json!({ "script": script }), script.clone())
}
