//! Values of a register from plain text, as a CSV cell or a terminal gives them.

use km_domain::register::{ClearKind, FieldClass, PersonalKind, RegisterDefinition};
use serde_json::{Value, json};

use crate::{FieldFault, digits};

/// Separates the items of a list.
const LIST_SEPARATOR: char = '|';

/// Reads the text of a field as a JSON value of its kind: lists are split at `|`, numbers and booleans read, coordinates
/// are `latitude longitude`. An empty text is no value: null. Whether the value keeps the field's rules is a question for
/// [`crate::validate`].
pub fn from_text(definition: &RegisterDefinition, field: &str, text: &str) -> Result<Value, FieldFault> {
    let fault = |rule: &str| FieldFault::new(field, rule);
    let known = definition.fields.iter().find(|(name, _)| name.as_str() == field);
    let class =
        known.map(|(_, field)| &field.class).ok_or_else(|| fault("the definition has no field of this name"))?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    match class {
        FieldClass::Personal(personal) => match &personal.kind {
            PersonalKind::List { of, .. } => {
                let items = text.split(LIST_SEPARATOR).map(str::trim).filter(|item| !item.is_empty());
                items.map(|item| of_kind(of, item)).collect::<Result<_, _>>().map(Value::Array).map_err(fault)
            }
            kind => of_kind(kind, text).map_err(fault),
        },
        FieldClass::Clear(clear) => match clear.kind {
            ClearKind::Number { .. } => whole(text).map(Value::from).ok_or_else(|| fault("must be a whole number")),
            ClearKind::Boolean => boolean(text).map(Value::from).ok_or_else(|| fault("must be true or false")),
            ClearKind::Code { .. } | ClearKind::Pattern { .. } | ClearKind::RecordLink => Ok(Value::from(text)),
        },
    }
}

fn of_kind(kind: &PersonalKind, text: &str) -> Result<Value, &'static str> {
    match kind {
        PersonalKind::Number { .. } => number(text).ok_or("must be a number"),
        PersonalKind::Boolean => boolean(text).map(Value::from).ok_or("must be true or false"),
        PersonalKind::Coordinates => {
            let mut parts = text.split([' ', ',']).filter(|part| !part.is_empty()).map(number);
            match (parts.next().flatten(), parts.next().flatten(), parts.next()) {
                (Some(latitude), Some(longitude), None) => Ok(json!({"latitude": latitude, "longitude": longitude})),
                _ => Err("must be latitude and longitude"),
            }
        }
        PersonalKind::Text
        | PersonalKind::Identifier
        | PersonalKind::BirthDate
        | PersonalKind::Phone
        | PersonalKind::Email
        | PersonalKind::Code { .. }
        | PersonalKind::List { .. } => Ok(Value::from(text)),
    }
}

fn ascii(text: &str) -> String {
    text.chars().map(digits::to_ascii).collect()
}

fn whole(text: &str) -> Option<i64> {
    ascii(text).parse().ok()
}

fn number(text: &str) -> Option<Value> {
    whole(text).map(Value::from).or_else(|| {
        let number: f64 = ascii(text).parse().ok()?;
        number.is_finite().then(|| Value::from(number))
    })
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_values() {
        let definition =
            RegisterDefinition::from_json(include_str!("../../../deploy/registers/individual.json")).unwrap();
        for (field, text, value) in [
            ("phones", "0911234567 | 0911000000|", json!(["0911234567", "0911000000"])),
            ("income", "١٢٠٠", json!(1200)),
            ("income", "12.5", json!(12.5)),
            ("pregnant", "Yes", json!(true)),
            ("coordinates", "9.03, 38.74", json!({"latitude": 9.03, "longitude": 38.74})),
            ("given_name", "  ", Value::Null),
            ("display_name", " ሰላም ", json!("ሰላም")),
            ("registration_status", "active", json!("active")),
        ] {
            assert_eq!(from_text(&definition, field, text), Ok(value));
        }
        for (field, text) in [("income", "CANARY"), ("pregnant", "CANARY"), ("coordinates", "CANARY")] {
            let fault = from_text(&definition, field, text).unwrap_err();
            assert!(fault.field == field && !fault.rule.contains("CANARY"));
        }
    }
}
