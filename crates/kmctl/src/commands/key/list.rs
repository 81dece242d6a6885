//! `kmctl key list`

use clap::Args;
use km_api::keys::{KeyDescription, KeyList, Residence};

use crate::{answer::Answer, failure::Failure, online::Online};

/// List the tenant's keys: purpose, algorithm, state, current version and where it lives.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer key list")]
pub struct Arguments {}

pub async fn run(online: &Online) -> Result<Answer, Failure> {
    let list: KeyList = online.session()?.key_manager().get("/v1/keys").await?;
    let text: String = list.keys.iter().map(line).collect();
    Ok(Answer::good(&list, text))
}

fn line(key: &KeyDescription) -> String {
    let version = key.current_version.map_or("-".to_owned(), |version| version.to_string());
    let KeyDescription { id, purpose, algorithm, state, residence, .. } = key;
    let (purpose, algorithm, state) = (purpose.name(), algorithm.name(), state.name());
    format!(
        "{:<28} {purpose:<15} {algorithm:<13} {state:<12} version {version:<4} {}\n",
        id.as_str(),
        lives(*residence)
    )
}

pub(super) const fn lives(residence: Residence) -> &'static str {
    match residence {
        Residence::Resident => "resident",
        Residence::Wrapped => "wrapped",
    }
}
