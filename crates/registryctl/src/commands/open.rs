//! `registryctl open`

use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use km_client::{ClientError, OpenQuery, RecordOutcome, SignedAnswer};

use serde_json::{Value, json};

use super::{register, session, statement};
use crate::{
    arguments::{Arguments, Open},
    exit::Outcome,
    output::{Output, proof, record_json},
};

/// Reads the named fields of the named records.
pub async fn run(arguments: &Arguments, open: &Open, output: &Output) -> Result<Outcome, ClientError> {
    let session = session(arguments)?;
    let query = OpenQuery {
        register: register(&session, open.register.as_ref()),
        records: open.records.clone(),
        fields: open.fields.clone(),
        statement: statement(&open.purpose),
        history: open.history,
    };
    let opened = session.open_records(query).await?;
    if let (Some(path), Some(certified)) = (&open.keep_signed, &opened.certified) {
        keep(path, &certified.signed)?;
    }
    if output.is_json() {
        let records: Vec<Value> = opened.records.iter().map(|record| record_json(record, None)).collect();
        let (log_index, checkpoint) = proof(opened.certified.as_ref());
        output.document(&json!({"records": records, "log_index": log_index, "checkpoint": checkpoint}));
    }
    opened.records.iter().for_each(|record| output.record(record, None));
    let refused = opened.records.iter().any(|record| !matches!(record.outcome, RecordOutcome::Values { .. }));
    Ok(if refused { Outcome::Refused } else { Outcome::Good })
}

fn keep(path: &Path, signed: &SignedAnswer) -> Result<(), ClientError> {
    let unwritable =
        |error: std::io::Error| ClientError::Setup(format!("{} cannot be written: {error}", path.display()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(unwritable)?;
    file.write_all(signed.expose().as_bytes()).map_err(unwritable)
}
