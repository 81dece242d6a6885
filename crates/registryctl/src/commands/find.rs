//! `registryctl find`

use km_client::{ClientError, RecordOutcome};
use km_personal::SecretValue;
use serde_json::{Value, json};

use super::{register, session, statement};
use crate::{
    arguments::{Arguments, Find},
    exit::Outcome,
    output::{Output, proof, record_json},
    value_input,
};

/// Finds records, opens them and compares each with the value that was looked for.
pub async fn run(arguments: &Arguments, find: &Find, output: &Output) -> Result<Outcome, ClientError> {
    let session = session(arguments)?;
    let definition = session.registry().definition(&register(&session, find.register.as_ref())).await?;
    let text = value_input::read(find.field.as_str(), find.value_file.as_deref())?;
    let value = SecretValue::new(Value::from(text.expose()));
    let statement = statement(&find.purpose);
    if find.ids_only {
        let found = session.find_ids(&definition, &find.field, value.expose(), &statement).await?;
        if output.is_json() {
            output.document(&json!({"records": found}));
        }
        found.iter().for_each(|one| output.say(&format!("{}  version {}", one.record, one.version)));
        return Ok(outcome(found.is_empty(), output));
    }
    let found = session.find(&definition, &find.field, value.expose(), &find.fields, &statement).await?;
    if output.is_json() {
        let records: Vec<Value> =
            found.records.iter().map(|one| record_json(&one.opened, Some(one.compared))).collect();
        let (log_index, checkpoint) = proof(found.certified.as_ref());
        output.document(&json!({"records": records, "log_index": log_index, "checkpoint": checkpoint}));
    }
    found.records.iter().for_each(|one| output.record(&one.opened, Some(one.compared)));
    let opened = found.records.iter().any(|one| matches!(one.opened.outcome, RecordOutcome::Values { .. }));
    Ok(if found.records.is_empty() || opened { outcome(found.records.is_empty(), output) } else { Outcome::Refused })
}

fn outcome(nothing: bool, output: &Output) -> Outcome {
    if nothing {
        output.say("nothing found");
        Outcome::Refused
    } else {
        Outcome::Good
    }
}
