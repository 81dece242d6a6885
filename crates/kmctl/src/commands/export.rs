//! `kmctl export --purpose PURPOSE --out FILE`

use std::path::PathBuf;

use clap::Args;
use km_api::exports::{Export, ExportState, NewExport};
use serde_json::json;

use crate::{answer::Answer, failure::Failure, files, online::Online};

/// Export a range of the log as a signed bundle, which `kmctl verify` and stock tools check without us.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as auditor export --purpose audit --case AUD-2026/7 --out trail.zip")]
pub struct Arguments {
    /// Why: audit, grievance or another of the configured list. It is kept in the log for ever.
    #[arg(long)]
    purpose: String,
    /// A case number.
    #[arg(long)]
    case: Option<String>,
    /// The first event; the beginning of the log if absent.
    #[arg(long, value_name = "INDEX")]
    from: Option<u64>,
    /// The event after the last; the end of the log if absent.
    #[arg(long, value_name = "INDEX")]
    to: Option<u64>,
    /// The new file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    files::is_new(&arguments.out)?;
    let session = online.session()?;
    let key_manager = session.key_manager();
    let Arguments { purpose, case, from, to, out } = arguments;
    let wanted = NewExport { from: *from, to: *to, purpose: purpose.clone(), case: case.clone() };
    let made: Export = key_manager.post("/v1/exports", &wanted).await?;
    if made.state != ExportState::Done {
        return Err(Failure::Unavailable(format!("export {} is not done yet", made.id)));
    }
    let bundle = key_manager.get_bytes(&format!("/v1/exports/{}", made.id)).await?;
    files::write_new(out, &bundle)?;
    let (from, to) = (made.range.from, made.range.to);
    let document = json!({"id": made.id, "from": from, "to": to, "file": out, "bytes": bundle.len()});
    Ok(Answer::good(&document, format!("events {from} to {} in {}", to.saturating_sub(1), out.display())))
}
