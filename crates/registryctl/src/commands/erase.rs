//! `registryctl erase`

use std::io::{IsTerminal, Write};

use km_client::ClientError;
use serde_json::json;

use super::{register, session, statement};
use crate::{
    arguments::{Arguments, Erase},
    exit::Outcome,
    output::Output,
};

/// Erases a record for ever and prints its certificate. Asks first on a terminal; elsewhere `--yes` is needed.
pub async fn run(arguments: &Arguments, erase: &Erase, output: &Output) -> Result<Outcome, ClientError> {
    if !erase.yes && !confirmed(erase)? {
        output.say("nothing was erased");
        return Ok(Outcome::Refused);
    }
    let session = session(arguments)?;
    let register = register(&session, erase.register.as_ref());
    let erased = session.erase(&register, erase.record, &statement(&erase.purpose)).await?;
    if output.is_json() {
        output.document(&json!({"record": erased.record, "certificate": erased.certificate}));
    } else {
        output.say(&format!("{} is erased; the certificate of erasure:", erased.record));
        output.say(&erased.certificate);
    }
    Ok(Outcome::Good)
}

fn confirmed(erase: &Erase) -> Result<bool, ClientError> {
    if !std::io::stdin().is_terminal() {
        return Err(ClientError::Setup("erasing is final: say --yes".into()));
    }
    eprint!("Erase {} for ever? Type yes: ", erase.record);
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| ClientError::Setup(format!("the answer cannot be read: {error}")))?;
    Ok(answer.trim() == "yes")
}
