//! `registryctl enrol`

use km_api::readers::EnrolmentState;
use km_client::ClientError;

use super::session;
use crate::{arguments::Arguments, exit::Outcome, output::Output};

/// Enrols the identity's key, making the key file where there is none.
pub async fn run(arguments: &Arguments, output: &Output) -> Result<Outcome, ClientError> {
    let enrolled = session(arguments)?.enrol().await?;
    if output.is_json() {
        output.document(&enrolled);
    } else {
        match enrolled.state {
            EnrolmentState::Active => output.say(&format!("key {} can be used", enrolled.id)),
            EnrolmentState::Waiting => {
                output.say(&format!("key {} can be used once an officer has approved it", enrolled.id));
            }
            EnrolmentState::Revoked => {
                output.say(&format!("key {} was revoked", enrolled.id));
                return Ok(Outcome::Refused);
            }
        }
    }
    Ok(Outcome::Good)
}
