//! `kmctl key rotate ID`

use clap::Args;
use km_api::keys::{KeyMade, RotateKey};
use km_domain::KeyId;

use crate::{answer::Answer, failure::Failure, online::Online};

/// Make a new version, which protects from now on; the old ones decrypt and verify only.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer key rotate payments")]
pub struct Arguments {
    id: KeyId,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let http = session.officer_http()?;
    let path = format!("/v1/officer/keys/{}/rotate", arguments.id);
    let made: KeyMade = session.officer(&http).post(&path, &RotateKey {}).await?;
    Ok(Answer::good(&made, format!("version {} of key {} protects from now on", made.version, made.id)))
}
