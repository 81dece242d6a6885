//! `kmctl log …`

mod checkpoint;
mod events;
mod verify;

use clap::{Args, Subcommand};
use km_api::log::Events;
use km_client::{KeyManager, Session};
use km_domain::Timestamp;
use km_evidence::{Checkpoint, signed_checkpoint, trusted_root};

use crate::{answer::Answer, failure::Failure, files, online::Online};

/// The audit log: read it, and check it against its signed checkpoint.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as auditor log events --from 1200")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Checkpoint(checkpoint::Arguments),
    Events(events::Arguments),
    Verify(verify::Arguments),
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    match &arguments.command {
        Command::Checkpoint(_) => checkpoint::run(online).await,
        Command::Events(arguments) => events::run(arguments, online).await,
        Command::Verify(arguments) => verify::run(arguments, online).await,
    }
}

/// Most events that the key manager gives out at once.
const MOST: u64 = 1000;

async fn page(key_manager: &KeyManager<'_>, from: u64, limit: u64) -> Result<Events, Failure> {
    Ok(key_manager.get(&format!("/v1/log/events?from={from}&limit={limit}")).await?)
}

/// By what a checkpoint's signature is judged: the key manager's key set, as far as it leads to the pinned evidence root.
struct Judge {
    jwks: Vec<u8>,
    root: Vec<u8>,
    at: Timestamp,
}

impl Judge {
    async fn of(session: &Session) -> Result<Self, Failure> {
        let path = session.endpoints().evidence_root_file();
        let root = trusted_root(&files::read_text(&path)?)
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        let jwks = session.key_manager().jwks(session.tenant()).await?;
        Ok(Self { jwks, root, at: session.clock().now() })
    }

    fn checkpoint(&self, note: &str) -> Result<Checkpoint, Failure> {
        Ok(signed_checkpoint(note, &self.jwks, &self.root, self.at)?)
    }
}

/// The newest checkpoint, as it was sent.
async fn newest_note(session: &Session) -> Result<String, Failure> {
    let bytes = session.key_manager().get_bytes("/v1/log/checkpoint").await?;
    String::from_utf8(bytes).map_err(|_| Failure::not_proven("the checkpoint is no text"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
