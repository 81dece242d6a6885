//! `kmctl sign KEY FILE`

use std::path::PathBuf;

use clap::Args;
use km_api::{
    Base64Url, Plaintext,
    messages::{Sign, Signed},
};
use km_client::signature_for_stock_tools;
use km_domain::{KeyId, SecretBytes, SignatureAlgorithm};
use serde_json::json;

use super::key::arguments::signature_algorithm;
use crate::{answer::Answer, failure::Failure, files, online::Online};

/// Sign a file with a key of the token. Prints the signature in base64url.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as backend sign payments list.csv --der --out list.sig")]
pub struct Arguments {
    key: KeyId,
    file: PathBuf,
    /// RS256, PS256, ES256, ES384, ES256K or EdDSA; without it the first that the key can make.
    #[arg(long, value_parser = signature_algorithm)]
    algorithm: Option<SignatureAlgorithm>,
    /// ECDSA in DER, as openssl reads it, instead of the JOSE form.
    #[arg(long)]
    der: bool,
    /// Write the signature, as bytes, to this new file too.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let message = Plaintext(SecretBytes::new(files::read(&arguments.file)?));
    if let Some(out) = &arguments.out {
        files::is_new(out)?;
    }
    let body = Sign { message, algorithm: arguments.algorithm };
    let path = format!("/v1/keys/{}/sign", arguments.key);
    let Signed { mut signature, algorithm, kid } = online.session()?.key_manager().post(&path, &body).await?;
    if arguments.der {
        signature = Base64Url(signature_for_stock_tools(algorithm, signature.0));
    }
    if let Some(out) = &arguments.out {
        files::write_new(out, &signature.0)?;
    }
    let document = json!({"signature": signature, "algorithm": algorithm, "kid": kid, "der": arguments.der});
    let text = document.get("signature").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    Ok(Answer::good(&document, text))
}
