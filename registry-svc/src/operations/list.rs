//! Listing by clear attributes, page by page. Each page is an event before it is answered.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_audit::{EventKind, digest::hex_sha256};
use km_domain::{
    FieldName, RecordId, RegisterName,
    register::{ClearKind, RegisterDefinition},
};
use km_policy::Action;
use serde_json::Value;

use super::{Caller, Registry};
use crate::{
    error::RegistryError,
    keymanager::event,
    storage::{
        pages::{self, Filter},
        rows::RecordRow,
    },
};

/// What is asked for.
#[derive(Debug, Default)]
pub struct Query {
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    /// Clear attributes by name, as texts of a URL.
    pub clear: Vec<(String, String)>,
}

/// A page, and where the next one begins.
#[derive(Debug)]
pub struct Page {
    pub rows: Vec<RecordRow>,
    pub next: Option<String>,
}

const LIMIT: u32 = 100;
const MOST: u32 = 1000;

/// One page of a register's living records.
///
/// # Errors
/// The caller may not, a filter is not of the definition, or the event cannot be written.
pub async fn list(
    registry: &Registry,
    caller: &Caller,
    register: &RegisterName,
    query: Query,
) -> Result<Page, RegistryError> {
    let (place, definition) = registry.enter(caller, Action::ListRecords, register)?;
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(RegistryError::malformed("limit", "must be 1 to 1000"));
    }
    let after = query.cursor.as_deref().map_or(Ok(String::new()), read_cursor)?;
    let filters = query.clear.iter().map(|(name, value)| filter(&definition.rules, name, value));
    let filters = filters.collect::<Result<Vec<_>, _>>()?;
    // One more than asked for, to know whether there is a next page.
    let mut rows =
        registry.store.read(move |db| pages::page(db, &place, &after, i64::from(limit) + 1, &filters)).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| cursor(&row.record));

    let ids = rows.iter().map(|row| row.record.as_str()).collect::<Vec<_>>().join("\n");
    let mut told = event(EventKind::RegistryList, register.as_str(), "done");
    (told.count, told.digest) = (rows.len() as u64, hex_sha256(ids.as_bytes()));
    registry.keymanager.append(&caller.behalf, told).await.map_err(RegistryError::Unrecorded)?;
    Ok(Page { rows, next })
}

/// Opaque to clients, so that its form can change: version and last record.
fn cursor(record: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("1:{record}"))
}

fn read_cursor(cursor: &str) -> Result<String, RegistryError> {
    let malformed = || RegistryError::malformed("cursor", "must be the next of an earlier answer");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| malformed())?;
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    let record = text.strip_prefix("1:").and_then(|record| record.parse::<RecordId>().ok());
    Ok(record.ok_or_else(malformed)?.to_string())
}

/// A condition, typed by the definition. Personal fields cannot be named here: they are found by `find`.
fn filter(definition: &RegisterDefinition, name: &str, text: &str) -> Result<Filter, RegistryError> {
    let unknown = || RegistryError::malformed("clear", "must name a clear attribute of the register's definition");
    let name: FieldName = name.parse().map_err(|_| unknown())?;
    let field = |rule| RegistryError::malformed(format!("clear.{name}"), rule);
    let generalised = definition.personal().flat_map(|(_, personal)| &personal.generalisations);
    let value = match definition.clear().find(|(known, _)| **known == name) {
        Some((_, clear)) => match clear.kind {
            ClearKind::Number { .. } => Value::from(text.parse::<i64>().map_err(|_| field("must be a whole number"))?),
            ClearKind::Boolean => Value::from(text.parse::<bool>().map_err(|_| field("must be true or false"))?),
            ClearKind::Code { .. } | ClearKind::Pattern { .. } | ClearKind::RecordLink => Value::from(text),
        },
        None if generalised.into_iter().any(|generalisation| generalisation.name == name) => Value::from(text),
        None => return Err(unknown()),
    };
    Ok(Filter { name, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_and_nothing_else_is_one() {
        let record = "018f0000-0000-7000-8000-000000000001";
        assert_eq!(read_cursor(&cursor(record)).unwrap(), record);
        for bad in ["", "MTo", "1:x", &URL_SAFE_NO_PAD.encode("1:' OR 1=1"), &URL_SAFE_NO_PAD.encode("2:x")] {
            assert!(read_cursor(bad).is_err());
        }
    }
}
