//! `kmctl enrolments`

use clap::Args;
use km_api::readers::{Enrolment, EnrolmentState, Enrolments};

use crate::{answer::Answer, failure::Failure, online::Online};

/// List enrolled keys of readers and senders, those that wait for approval among them.
#[derive(Args)]
#[command(after_help = "Example:\n  kmctl --as officer enrolments")]
pub struct Arguments {}

pub async fn run(online: &Online) -> Result<Answer, Failure> {
    let session = online.session()?;
    let http = session.officer_http()?;
    let found: Enrolments = session.officer(&http).get("/v1/officer/enrolments").await?;
    let text: String = found.enrolments.iter().map(|enrolment| line(enrolment) + "\n").collect();
    Ok(Answer::good(&found, text))
}

/// An enrolment in one line.
pub fn line(enrolment: &Enrolment) -> String {
    let state = match enrolment.state {
        EnrolmentState::Waiting => "waiting",
        EnrolmentState::Active => "active",
        EnrolmentState::Revoked => "revoked",
    };
    let Enrolment { id, subject, issuer, requested, .. } = enrolment;
    format!("{id}  {state:<8} {subject} at {issuer}, {requested}")
}
