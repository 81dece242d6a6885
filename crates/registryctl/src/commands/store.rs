//! `registryctl create` and `registryctl update`

use std::path::Path;

use km_client::{ClientError, Draft, Session, new_record_id, strict_json};
use km_domain::{RecordId, RegisterName};
use serde_json::Value;

use super::{register, session};
use crate::{
    arguments::{Arguments, Create, Update},
    exit::Outcome,
    output::Output,
    value_input,
};

pub async fn create(arguments: &Arguments, create: &Create, output: &Output) -> Result<Outcome, ClientError> {
    let session = session(arguments)?;
    let record = new_record_id(session.clock().now());
    let register = register(&session, create.register.as_ref());
    store(&session, &register, (record, 0), create.file.as_deref(), output).await
}

pub async fn update(arguments: &Arguments, update: &Update, output: &Output) -> Result<Outcome, ClientError> {
    let session = session(arguments)?;
    let register = register(&session, update.register.as_ref());
    store(&session, &register, (update.record, update.base_version), update.file.as_deref(), output).await
}

/// Reads the fields, seals them and stores the version that follows.
async fn store(
    session: &Session,
    register: &RegisterName,
    (record, base_version): (RecordId, u32),
    file: Option<&Path>,
    output: &Output,
) -> Result<Outcome, ClientError> {
    let text = value_input::read("JSON object of fields", file)?;
    let Some(Value::Object(fields)) = strict_json(text.expose().as_bytes()) else {
        return Err(ClientError::Setup("the fields must be one JSON object in which every member stands once".into()));
    };
    let definition = session.registry().definition(register).await?;
    let stored = session.put(&definition, &Draft { record, base_version, fields }).await?;
    if output.is_json() {
        output.document(&stored);
    } else {
        output.say(&format!("{}  version {}", stored.record, stored.version));
        for warning in &stored.warnings {
            let field = warning.field.as_deref().unwrap_or("the record");
            eprintln!("warning: {field}: {}", warning.code);
        }
    }
    Ok(Outcome::Good)
}
