//! `kmctl key show ID`

use clap::Args;
use km_api::keys::KeyDescription;
use km_domain::KeyId;

use super::list::lives;
use crate::{answer::Answer, failure::Failure, online::Online};

/// Show a key and all its versions.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer key show payments")]
pub struct Arguments {
    id: KeyId,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let key: KeyDescription = online.session()?.key_manager().get(&format!("/v1/keys/{}", arguments.id)).await?;
    Ok(Answer::good(&key, text(&key)))
}

fn text(key: &KeyDescription) -> String {
    let allowed: Vec<&str> = key.allow.iter().map(|role| role.name()).collect();
    let allowed = if allowed.is_empty() { "no caller".to_owned() } else { allowed.join(", ") };
    let mut text = format!("{}: {}, {}, for {allowed}\n", key.id, key.purpose, key.algorithm);
    for version in &key.versions {
        let (kid, state, lives) = (&version.kid, version.state.name(), lives(version.residence));
        text += &format!("  {kid}  {state:<12} made {}, {lives}; {}\n", version.created, version.proof_of_birth);
    }
    text
}
