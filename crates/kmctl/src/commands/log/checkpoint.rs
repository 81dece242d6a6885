//! `kmctl log checkpoint`

use clap::Args;
use serde_json::json;

use super::{Judge, hex, newest_note};
use crate::{answer::Answer, failure::Failure, online::Online};

/// Print the newest checkpoint, its signature checked. Keep it: a later log must extend it.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as auditor log checkpoint > checkpoint.txt")]
pub struct Arguments {}

pub async fn run(online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let note = newest_note(&session).await?;
    let checkpoint = Judge::of(&session).await?.checkpoint(&note)?;
    let document = json!({"origin": checkpoint.origin, "size": checkpoint.size, "root": hex(&checkpoint.root),
                          "note": note});
    Ok(Answer::good(&document, note))
}
