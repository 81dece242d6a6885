//! Checking of clear attributes against a definition.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ClearKind, FieldClass, RegisterDefinition};
use crate::{FieldName, RecordId};

/// What is wrong with a clear attribute: names field and rule, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {field}: {rule}")]
pub struct ClearFault {
    pub field: String,
    pub rule: String,
}

/// Longest text of a coded pattern.
const MAX_CODE: usize = 32;

/// Checks clear attributes as a client sent them: known, of the right kind, none missing that is required. The fault is
/// the first one, in the order of names. Generalised attributes are made in the key zone and are refused here.
pub fn check_clear(
    definition: &RegisterDefinition,
    attributes: &BTreeMap<String, serde_json::Value>,
) -> Result<(), ClearFault> {
    let fault = |field: &str, rule: &str| ClearFault { field: field.to_owned(), rule: rule.to_owned() };
    for (name, value) in attributes {
        let known = definition.fields.iter().find(|(field, _)| field.as_str() == name);
        match known.map(|(_, field)| &field.class) {
            None => {
                // What is not even a field's name may be a value in the wrong place: not repeated.
                let shown = if name.parse::<FieldName>().is_ok() { name } else { "(unknown)" };
                return Err(fault(shown, "the definition has no clear field of this name"));
            }
            Some(FieldClass::Personal(_)) => return Err(fault(name, "is personal and may not be in clear")),
            Some(FieldClass::Clear(clear)) => one(&clear.kind, value).map_err(|rule| fault(name, rule))?,
        }
    }
    let missing = definition.fields.iter().find(|(name, field)| {
        field.required
            && matches!(field.class, FieldClass::Clear(_))
            && attributes.get(name.as_str()).is_none_or(Value::is_null)
    });
    missing.map_or(Ok(()), |(name, _)| Err(fault(name.as_str(), "is required")))
}

fn one(kind: &ClearKind, value: &Value) -> Result<(), &'static str> {
    if value.is_null() {
        return Ok(());
    }
    match kind {
        ClearKind::Code { values } => {
            let known = value.as_str().is_some_and(|code| values.iter().any(|v| v == code));
            known.then_some(()).ok_or("must be one of the listed codes")
        }
        ClearKind::Pattern { pattern } => {
            let fits = value.as_str().is_some_and(|code| code.len() <= MAX_CODE && pattern.matches(code));
            fits.then_some(()).ok_or("must match the coded pattern")
        }
        ClearKind::Number { minimum, maximum } => {
            let fits = value.as_i64().is_some_and(|number| (*minimum..=*maximum).contains(&number));
            fits.then_some(()).ok_or("must be a whole number in the range")
        }
        ClearKind::Boolean => value.is_boolean().then_some(()).ok_or("must be true or false"),
        ClearKind::RecordLink => {
            let link = value.as_str().is_some_and(|id| id.parse::<RecordId>().is_ok());
            link.then_some(()).ok_or("must be a record id")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition() -> RegisterDefinition {
        RegisterDefinition::from_json(
            &json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Test", "type": "object",
                "additionalProperties": false, "required": ["status"], "x-sealkeep": {"register": "test", "schema": 1},
                "properties": {
                    "status": {"title": "Status", "type": "string", "enum": ["open", "closed"],
                               "x-sealkeep": {"class": "clear", "reason": "lists are filtered by it"}},
                    "area": {"title": "Area", "type": "string", "pattern": "^[A-Z]{2}-[0-9]{2}$",
                             "x-sealkeep": {"class": "clear", "reason": "lists are filtered by it"}},
                    "name": {"title": "Name", "type": "string", "x-sealkeep": {"class": "personal", "kind": "text"}}
                }
            })
            .to_string(),
        )
        .unwrap()
    }

    fn check(attributes: Value) -> Result<(), ClearFault> {
        check_clear(&definition(), &serde_json::from_value(attributes).unwrap())
    }

    #[test]
    fn good_attributes_pass() {
        assert_eq!(check(json!({"status": "open", "area": "ET-07"})), Ok(()));
        assert_eq!(check(json!({"status": "open", "area": null})), Ok(()));
    }

    #[test]
    fn faults_name_the_field_and_never_the_value() {
        for (bad, field) in [
            (json!({"area": "ET-07"}), "status"),
            (json!({"status": "Abebe"}), "status"),
            (json!({"status": "open", "area": "Abebe"}), "area"),
            (json!({"status": "open", "name": "Abebe"}), "name"),
            (json!({"status": "open", "Abebe": 1}), "(unknown)"),
        ] {
            let fault = check(bad).unwrap_err();
            assert_eq!(fault.field, field);
            assert!(!fault.to_string().contains("Abebe"));
        }
    }
}
