//! `kmctl verify-message KEY FILE --signature SIGNATURE`

use std::path::PathBuf;

use clap::Args;
use km_api::{
    Base64Url, Plaintext,
    messages::{Verified, Verify},
};
use km_client::signature_of_stock_tools;
use km_domain::{KeyId, SecretBytes, SignatureAlgorithm};

use super::key::arguments::{base64url, signature_algorithm};
use crate::{answer::Answer, failure::Failure, files, online::Online};

/// Verify the signature of a file with a key of the token.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as backend verify-message payments list.csv --signature-file list.sig")]
pub struct Arguments {
    key: KeyId,
    file: PathBuf,
    /// The signature in base64url.
    #[arg(long, value_parser = base64url, allow_hyphen_values = true, required_unless_present = "signature_file")]
    signature: Option<Base64Url>,
    /// A file with the signature as bytes.
    #[arg(long, value_name = "FILE", conflicts_with = "signature")]
    signature_file: Option<PathBuf>,
    /// RS256, PS256, ES256, ES384, ES256K or EdDSA; without it every one that the key can make is tried.
    #[arg(long, value_parser = signature_algorithm)]
    algorithm: Option<SignatureAlgorithm>,
    /// The signature is ECDSA in DER, as openssl writes it.
    #[arg(long, requires = "algorithm")]
    der: bool,
    /// The key version, `ID.VERSION`; without it every one that may verify is tried.
    #[arg(long)]
    kid: Option<String>,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let message = Plaintext(SecretBytes::new(files::read(&arguments.file)?));
    let mut signature = match (&arguments.signature, &arguments.signature_file) {
        (Some(signature), _) => signature.0.clone(),
        (None, Some(file)) => files::read(file)?,
        (None, None) => Vec::new(),
    };
    if let Some(algorithm) = arguments.algorithm.filter(|_| arguments.der) {
        signature = signature_of_stock_tools(algorithm, signature)?;
    }
    let kid = arguments.kid.clone();
    let body = Verify { message, signature: Base64Url(signature), algorithm: arguments.algorithm, kid };
    let path = format!("/v1/keys/{}/verify", arguments.key);
    let verified: Verified = online.session()?.key_manager().post(&path, &body).await?;
    let text = if verified.valid { "valid" } else { "NOT valid" };
    Ok(Answer::that(verified.valid, &verified, text))
}
