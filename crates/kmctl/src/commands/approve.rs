//! `kmctl approve ID`

use clap::Args;
use km_api::readers::{ApproveEnrolment, Enrolment};

use super::enrolments;
use crate::{answer::Answer, failure::Failure, online::Online};

/// Approve a waiting key of a reader or sender; nobody approves their own.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer approve NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")]
pub struct Arguments {
    /// The key's thumbprint, as `kmctl enrolments` shows it.
    #[arg(value_parser = thumbprint, allow_hyphen_values = true)]
    id: String,
}

pub async fn run(arguments: &Arguments, online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let http = session.officer_http()?;
    let path = format!("/v1/officer/enrolments/{}/approve", arguments.id);
    let approved: Enrolment = session.officer(&http).post(&path, &ApproveEnrolment {}).await?;
    Ok(Answer::good(&approved, enrolments::line(&approved)))
}

/// 32 bytes in base64url; it becomes a part of a path.
fn thumbprint(text: &str) -> Result<String, String> {
    let fits = text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if fits { Ok(text.to_owned()) } else { Err("must be a thumbprint: 43 characters of base64url".to_owned()) }
}
