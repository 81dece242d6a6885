//! `kmctl key public ID`

use clap::Args;
use km_client::PublishedKey;
use km_domain::KeyId;
use serde_json::json;

use crate::{answer::Answer, failure::Failure, online::Online};

/// Print the public part of a signing or decryption key as PEM, for stock openssl.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as backend key public payments > payments.pem")]
pub struct Arguments {
    id: KeyId,
    /// The version; the newest if absent.
    #[arg(long, value_name = "VERSION")]
    version: Option<u32>,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let jwks = session.key_manager().jwks(session.tenant()).await?;
    let found = PublishedKey::find(&jwks, session.tenant(), &arguments.id, arguments.version)?;
    let key = found.ok_or_else(|| Failure::Refused {
        code: "key-not-published".to_owned(),
        detail: "the key set of the tenant holds no such public key".to_owned(),
    })?;
    Ok(Answer::good(&json!({"kid": key.name.to_string(), "pem": key.pem}), key.pem.clone()))
}
