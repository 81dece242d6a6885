//! `kmctl log verify`

use std::path::PathBuf;

use clap::Args;
use km_api::log::Proof;
use km_client::KeyManager;
use km_evidence::{Checkpoint, LogFault, Trail, check_consistency};
use serde_json::{Value, json};

use super::{Judge, MOST, hex, newest_note, page};
use crate::{answer::Answer, failure::Failure, files, online::Online};

/// Where events of other tenants are left out, every so many-th event is proven by itself.
const STEP: usize = 50;

/// Check the log: the newest checkpoint's signature up to the evidence root, that the events stand in it, and that it
/// extends an earlier checkpoint.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as auditor log verify --from checkpoint.txt")]
pub struct Arguments {
    /// A checkpoint that you kept: what `kmctl log checkpoint` printed.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let earlier = arguments.from.as_ref().map(|path| files::read_text(path)).transpose()?;
    let session = online.session()?;
    let key_manager = session.key_manager();
    let note = newest_note(&session).await?;
    let judge = Judge::of(&session).await?;

    let newest = judge.checkpoint(&note)?;
    let earlier = earlier.map(|text| judge.checkpoint(&kept_note(text))).transpose()?;
    if let Some(earlier) = &earlier {
        extends(&key_manager, earlier, &newest).await?;
    }
    let trail = read(&key_manager, &newest).await?;
    let proofs = stands(&key_manager, &trail, &newest).await?;

    let withheld = newest.size - trail.len();
    let from = earlier.map(|earlier| earlier.size);
    let document = json!({"origin": newest.origin, "size": newest.size, "root": hex(&newest.root), "from": from,
                          "events": trail.len(), "withheld": withheld, "proofs": proofs});
    let mut text = format!("log of {} events, signed checkpoint valid, root {}\n", newest.size, hex(&newest.root));
    text += &match proofs {
        0 => "every event stands in it\n".to_owned(),
        _ => format!("{withheld} events of other tenants are withheld; of the others {proofs} were proven singly\n"),
    };
    text += &from.map_or(String::new(), |from| format!("it extends the earlier checkpoint of {from} events\n"));
    Ok(Answer::good(&document, text))
}

/// The note in a file: as it is, or in the JSON that `kmctl log checkpoint --json` prints.
fn kept_note(text: String) -> String {
    let document: Option<Value> = serde_json::from_str(&text).ok();
    let note = document.as_ref().and_then(|document| document.get("note")?.as_str());
    note.map_or(text, str::to_owned)
}

async fn extends(key_manager: &KeyManager<'_>, earlier: &Checkpoint, newest: &Checkpoint) -> Result<(), Failure> {
    if earlier.size > newest.size {
        return Err(LogFault::Consistency.into());
    }
    let path = proof(key_manager, &format!("from={}&to={}", earlier.size, newest.size)).await?;
    Ok(check_consistency(earlier, newest, &path)?)
}

/// All events that the checkpoint covers and that the caller may see.
async fn read(key_manager: &KeyManager<'_>, newest: &Checkpoint) -> Result<Trail, Failure> {
    let mut trail = Trail::default();
    let mut from = 0;
    while from < newest.size {
        let read = page(key_manager, from, MOST.min(newest.size - from)).await?;
        read.events.iter().try_for_each(|event| trail.add(event))?;
        match read.next.filter(|next| *next > from) {
            Some(next) => from = next,
            None => break,
        }
    }
    Ok(trail)
}

/// Checks that the events stand in the log: all at once where none is withheld, else some of them singly. Returns how many proofs
/// that took.
async fn stands(key_manager: &KeyManager<'_>, trail: &Trail, newest: &Checkpoint) -> Result<usize, Failure> {
    if trail.is_whole(newest) {
        trail.check_whole(newest)?;
        return Ok(0);
    }
    let sample = trail.sample(STEP);
    for index in &sample {
        let path = proof(key_manager, &format!("index={index}&size={}", newest.size)).await?;
        trail.check_inclusion(newest, *index, &path)?;
    }
    Ok(sample.len())
}

async fn proof(key_manager: &KeyManager<'_>, query: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let proof: Proof = key_manager.get(&format!("/v1/log/proof?{query}")).await?;
    Ok(proof.hashes.into_iter().map(|hash| hash.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_checkpoint_is_read_in_both_forms() {
        let note = "sealkeep.example/demo\n3\nAAAA\n\n\u{2014} sealkeep.example/demo BBBB\n";
        assert_eq!(kept_note(note.to_owned()), note);
        assert_eq!(kept_note(json!({"size": 3, "note": note}).to_string()), note);
    }
}
