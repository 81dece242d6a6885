//! `registryctl list`

use km_client::ClientError;

use super::{register, session};
use crate::{
    arguments::{Arguments, List},
    exit::Outcome,
    output::Output,
};

/// Lists records by clear attributes, a page at a time.
pub async fn run(arguments: &Arguments, list: &List, output: &Output) -> Result<Outcome, ClientError> {
    let session = session(arguments)?;
    let register = register(&session, list.register.as_ref());
    let page = session.registry().list(&register, &list.clear, list.limit, list.cursor.as_deref()).await?;
    if output.is_json() {
        output.document(&serde_json::json!({"records": page.records, "next": page.next}));
        return Ok(Outcome::Good);
    }
    for record in &page.records {
        let clear: Vec<String> = record.clear.iter().map(|(name, value)| format!("{name}={value}")).collect();
        output.say(&format!("{}  version {}  {}", record.record, record.version, clear.join(" ")));
    }
    if let Some(next) = &page.next {
        output.say(&format!("more: --cursor {next}"));
    }
    Ok(Outcome::Good)
}
