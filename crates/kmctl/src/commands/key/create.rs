//! `kmctl key create ID --purpose PURPOSE --algorithm ALGORITHM --allow ROLE`

use clap::Args;
use km_api::keys::{CreateKey, KeyMade};
use km_domain::{KeyAlgorithm, KeyId, KeyPurpose, Role};

use super::arguments::{key_algorithm, purpose, role};
use crate::{answer::Answer, failure::Failure, online::Online};

/// Make a key in the token.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kmctl --as officer key create payments --purpose sign --algorithm P-256 --allow sealkeep-backend"
)]
pub struct Arguments {
    /// Its name: a-z, 0-9, '-' and '_', beginning with a letter.
    id: KeyId,
    /// encrypt, sign, decrypt or mac.
    #[arg(long, value_parser = purpose)]
    purpose: KeyPurpose,
    /// AES-256 to encrypt; P-256, P-384, Ed25519, RSA-2048, -3072 or -4096 to sign; RSA to decrypt; HMAC-SHA-256 for a mac.
    #[arg(long, value_parser = key_algorithm)]
    algorithm: KeyAlgorithm,
    /// Roles that may use it; nobody else can.
    #[arg(long, value_name = "ROLE", value_delimiter = ',', required = true, value_parser = role)]
    allow: Vec<Role>,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let http = session.officer_http()?;
    let Arguments { id, purpose, algorithm, allow } = arguments;
    let wanted = CreateKey { id: id.clone(), purpose: *purpose, algorithm: *algorithm, allow: allow.clone() };
    let made: KeyMade = session.officer(&http).post("/v1/officer/keys", &wanted).await?;
    Ok(Answer::good(&made, format!("key {} is made", made.id)))
}
