//! `kmctl certificate revoke SERIAL`

use clap::Args;
use serde_json::json;

use crate::{answer::Answer, failure::Failure, online::Online};

/// Revoke a certificate under the service root; every listener refuses it from then on.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer certificate revoke 5f2c81")]
pub struct Arguments {
    /// Its serial number in hexadecimal, as `openssl x509 -serial -noout` shows it.
    #[arg(value_parser = serial)]
    serial: String,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let http = session.officer_http()?;
    let serial = &arguments.serial;
    session.officer(&http).post_empty(&format!("/v1/officer/certificates/{serial}/revoke")).await?;
    Ok(Answer::good(&json!({"serial": serial, "revoked": true}), format!("certificate {serial} is revoked")))
}

fn serial(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits { Ok(text.to_ascii_lowercase()) } else { Err("must be hexadecimal, at most 64 digits".to_owned()) }
}
