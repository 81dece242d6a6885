//! One file a command. A command is added here in three places: its module, its variant, its arm.
//!
//! [`verify`] and [`completion`] need no service; the others call the key manager through crate `client`. A name that is not
//! among them is a program of its own, see [`elsewhere`].

mod approve;
mod certificate;
mod completion;
mod elsewhere;
mod enrolments;
mod export;
mod key;
mod log;
mod login;
mod rewrap;
mod sign;
mod tenant;
mod verify;
mod verify_message;

use std::ffi::OsString;

use clap::Subcommand;

use crate::{answer::Answer, failure::Failure, online::Online};

#[derive(Subcommand)]
pub enum Command {
    Login(login::Arguments),
    Enrolments(enrolments::Arguments),
    Approve(approve::Arguments),
    Key(key::Arguments),
    Sign(sign::Arguments),
    VerifyMessage(verify_message::Arguments),
    Rewrap(rewrap::Arguments),
    Log(log::Arguments),
    Export(export::Arguments),
    Verify(verify::Arguments),
    Certificate(certificate::Arguments),
    Tenant(tenant::Arguments),
    Completion(completion::Arguments),
    #[command(external_subcommand)]
    Elsewhere(Vec<OsString>),
}

impl Command {
    /// Runs the command. `program` is the whole command line, from which completions are made; `json` says what a program of
    /// another name is told.
    pub async fn run(&self, online: &Online, json: bool, program: &mut clap::Command) -> Result<Answer, Failure> {
        match self {
            Self::Login(arguments) => login::run(arguments, online).await,
            Self::Enrolments(_) => enrolments::run(online).await,
            Self::Approve(arguments) => approve::run(arguments, online).await,
            Self::Key(arguments) => key::run(arguments, online).await,
            Self::Sign(arguments) => sign::run(arguments, online).await,
            Self::VerifyMessage(arguments) => verify_message::run(arguments, online).await,
            Self::Rewrap(_) => rewrap::run(online).await,
            Self::Log(arguments) => log::run(arguments, online).await,
            Self::Export(arguments) => export::run(arguments, online).await,
            Self::Verify(arguments) => verify::run(arguments),
            Self::Certificate(arguments) => certificate::run(arguments, online).await,
            Self::Tenant(arguments) => tenant::run(arguments, online).await,
            Self::Completion(arguments) => Ok(completion::run(arguments, program)),
            Self::Elsewhere(words) => Err(elsewhere::run(words, online, json)),
        }
    }
}
