//! `registryctl find`

use km_client::{ClientError, RecordOutcome};
use km_personal::SecretValue;
use serde_json::Value;

use super::{register, session, statement};
use crate::{
    arguments::{Arguments, Find},
    exit::Outcome,
    output::Output,
    value_input,
};

/// Finds records, opens them and compares each with the value that was looked for.
pub async fn run(arguments: &Arguments, find: &Find, output: &Output) -> Result<Outcome, ClientError> {
    let session = session(arguments)?;
    let definition = session.registry().definition(&register(&session, find.register.as_ref())).await?;
    let text = value_input::read(&find.field, find.value_file.as_deref())?;
    let value = SecretValue::new(Value::from(text.expose()));
    let statement = statement(&find.purpose);
    if find.ids_only {
        let found = session.find_ids(&definition, &find.field, value.expose(), &statement).await?;
        for one in &found {
            if output.is_json() {
                output.document(&serde_json::json!({"record": one.record, "version": one.version}));
            } else {
                output.say(&format!("{}  version {}", one.record, one.version));
            }
        }
        return Ok(outcome(found.is_empty(), output));
    }
    let found = session.find(&definition, &find.field, value.expose(), &find.fields, &statement).await?;
    for one in &found {
        output.record(&one.opened, Some(one.compared));
    }
    let none_opened = found.iter().all(|one| !matches!(one.opened.outcome, RecordOutcome::Values { .. }));
    Ok(if found.is_empty() || !none_opened { outcome(found.is_empty(), output) } else { Outcome::Refused })
}

fn outcome(nothing: bool, output: &Output) -> Outcome {
    if nothing {
        output.say("nothing found");
        Outcome::Refused
    } else {
        Outcome::Good
    }
}
