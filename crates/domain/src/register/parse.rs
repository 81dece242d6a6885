//! From a definition file to a linted definition.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    ClearField, ClearKind, Field, FieldClass, Generalisation, IndexRule, Mask, Pattern, PersonalField, PersonalKind,
    PhoneRule, RegisterDefinition, lint,
};
use crate::{FieldName, RegisterName};

/// Why a definition is refused.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    #[error("the register definition is not JSON of the expected shape: {0}")]
    Malformed(String),
    #[error("field {field}: {rule}")]
    Field { field: String, rule: String },
}

/// Longest text and longest list where a definition says nothing.
const DEFAULT_MAX_LENGTH: usize = 200;
const DEFAULT_MAX_ITEMS: usize = 20;

/// A definition file: an object schema (JSON Schema 2020-12). Keywords that are not read here are refused, so that a
/// slip of the pen is not a silent loss of a rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "$schema")]
    dialect: String,
    #[serde(rename = "$id", default)]
    _id: Option<String>,
    title: String,
    #[serde(rename = "description", default)]
    _description: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "additionalProperties")]
    additional: bool,
    #[serde(default)]
    required: Vec<String>,
    properties: BTreeMap<FieldName, Property>,
    #[serde(rename = "x-sealkeep")]
    register: Register,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    register: RegisterName,
    schema: u32,
    #[serde(default)]
    phone: PhoneRule,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Property {
    title: String,
    #[serde(rename = "description", default)]
    _description: Option<String>,
    #[serde(flatten)]
    shape: Shape,
    #[serde(rename = "x-sealkeep")]
    rules: Rules,
}

/// The JSON Schema keywords of a property, or of the items of a list.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Shape {
    #[serde(rename = "type", default)]
    json_type: Option<String>,
    #[serde(rename = "maxLength", default)]
    max_length: Option<usize>,
    #[serde(default)]
    pattern: Option<String>,
    #[serde(default)]
    format: Option<String>,
    #[serde(rename = "enum", default)]
    values: Option<Vec<String>>,
    #[serde(default)]
    minimum: Option<f64>,
    #[serde(default)]
    maximum: Option<f64>,
    #[serde(rename = "maxItems", default)]
    max_items: Option<usize>,
    #[serde(default)]
    items: Option<Box<Shape>>,
    /// Of a coordinate pair; the kind says it all, the keyword serves other readers of the schema.
    #[serde(rename = "properties", default)]
    _members: Option<serde_json::Value>,
    #[serde(rename = "required", default)]
    _required: Option<Vec<String>>,
    #[serde(rename = "additionalProperties", default)]
    _additional: Option<bool>,
}

/// What JSON Schema has no word for. `personal` or `clear`; nothing is clear unless it says so.
#[derive(Deserialize)]
#[serde(tag = "class", rename_all = "kebab-case", deny_unknown_fields)]
enum Rules {
    Personal {
        kind: Kind,
        #[serde(default)]
        indexes: Vec<IndexRule>,
        #[serde(default)]
        generalisations: Vec<Generalisation>,
        #[serde(default)]
        mask: Option<Mask>,
        #[serde(default)]
        readers: Vec<String>,
        #[serde(default)]
        masked_readers: Vec<String>,
    },
    Clear {
        #[serde(default)]
        reason: String,
    },
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Text,
    Identifier,
    BirthDate,
    Phone,
    Email,
    Code,
    Number,
    Boolean,
    Coordinates,
}

pub(super) fn definition(text: &str) -> Result<RegisterDefinition, DefinitionError> {
    let file: File = serde_json::from_str(text).map_err(|error| DefinitionError::Malformed(error.to_string()))?;
    if file.dialect != "https://json-schema.org/draft/2020-12/schema" {
        return Err(DefinitionError::Malformed("$schema must be JSON Schema 2020-12".into()));
    }
    if file.kind != "object" || file.additional {
        return Err(DefinitionError::Malformed("a register is an object with additionalProperties false".into()));
    }
    if let Some(unknown) = file.required.iter().find(|name| !file.properties.keys().any(|f| f.as_str() == *name)) {
        return Err(refuse(unknown, "is required and not defined"));
    }
    let mut fields = BTreeMap::new();
    for (name, property) in file.properties {
        let required = file.required.iter().any(|required| required == name.as_str());
        let title = property.title.clone();
        let class = class(property).map_err(|rule| refuse(name.as_str(), rule))?;
        fields.insert(name, Field { title, required, class });
    }
    let definition = RegisterDefinition {
        register: file.register.register,
        schema: file.register.schema,
        title: file.title,
        phone: file.register.phone,
        fields,
    };
    lint::definition(&definition)?;
    Ok(definition)
}

pub(super) fn refuse(field: &str, rule: impl Into<String>) -> DefinitionError {
    DefinitionError::Field { field: field.to_owned(), rule: rule.into() }
}

fn class(property: Property) -> Result<FieldClass, &'static str> {
    let shape = property.shape;
    match property.rules {
        Rules::Clear { reason } => Ok(FieldClass::Clear(ClearField { kind: clear_kind(shape)?, reason })),
        Rules::Personal { kind, indexes, generalisations, mask, readers, masked_readers } => {
            let one = shape.items.as_deref().unwrap_or(&shape);
            let max_length = one.max_length.unwrap_or(DEFAULT_MAX_LENGTH);
            let pattern = one.pattern.as_deref().map(Pattern::new).transpose()?;
            let kind = personal_kind(kind, &shape)?;
            Ok(FieldClass::Personal(PersonalField {
                kind,
                max_length,
                pattern,
                indexes,
                generalisations,
                mask,
                readers,
                masked_readers,
            }))
        }
    }
}

fn personal_kind(kind: Kind, shape: &Shape) -> Result<PersonalKind, &'static str> {
    if shape.json_type.as_deref() == Some("array") {
        let items = shape.items.as_deref().ok_or("a list needs items")?;
        let of = Box::new(single_kind(kind, items)?);
        return Ok(PersonalKind::List { of, max_items: shape.max_items.unwrap_or(DEFAULT_MAX_ITEMS) });
    }
    single_kind(kind, shape)
}

fn single_kind(kind: Kind, shape: &Shape) -> Result<PersonalKind, &'static str> {
    let json_type = match kind {
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Coordinates => "object",
        Kind::Text | Kind::Identifier | Kind::BirthDate | Kind::Phone | Kind::Email | Kind::Code => "string",
    };
    if shape.json_type.as_deref() != Some(json_type) {
        return Err("the JSON type does not fit the kind");
    }
    Ok(match kind {
        Kind::Text => PersonalKind::Text,
        Kind::Identifier => PersonalKind::Identifier,
        Kind::BirthDate => PersonalKind::BirthDate,
        Kind::Phone => PersonalKind::Phone,
        Kind::Email => PersonalKind::Email,
        Kind::Boolean => PersonalKind::Boolean,
        Kind::Coordinates => PersonalKind::Coordinates,
        Kind::Code => PersonalKind::Code { values: shape.values.clone().ok_or("a code needs enum")? },
        Kind::Number => PersonalKind::Number {
            minimum: shape.minimum.ok_or("a number needs a minimum")?,
            maximum: shape.maximum.ok_or("a number needs a maximum")?,
        },
    })
}

fn clear_kind(shape: Shape) -> Result<ClearKind, &'static str> {
    match (shape.json_type.as_deref(), shape.values, shape.pattern, shape.format.as_deref()) {
        (Some("string"), Some(values), None, None) => Ok(ClearKind::Code { values }),
        (Some("string"), None, Some(pattern), None) => Ok(ClearKind::Pattern { pattern: Pattern::new(&pattern)? }),
        (Some("string"), None, None, Some("uuid")) => Ok(ClearKind::RecordLink),
        (Some("boolean"), None, None, None) => Ok(ClearKind::Boolean),
        (Some("integer"), None, None, None) => {
            let whole = |bound: Option<f64>| bound.filter(|b| b.fract() == 0.0 && b.abs() < 1e15).map(|b| b as i64);
            let (minimum, maximum) = (whole(shape.minimum), whole(shape.maximum));
            Ok(ClearKind::Number {
                minimum: minimum.ok_or("a number in clear needs a whole minimum")?,
                maximum: maximum.ok_or("a number in clear needs a whole maximum")?,
            })
        }
        _ => Err("a field in clear is a closed list, a coded pattern, a whole number in a range, a boolean or a \
                  record id, never free text"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn file(property: Value) -> String {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Test", "type": "object",
            "additionalProperties": false, "required": [], "properties": {"x": property},
            "x-sealkeep": {"register": "test", "schema": 1}
        })
        .to_string()
    }

    fn one(property: Value) -> Result<FieldClass, DefinitionError> {
        definition(&file(property)).map(|d| d.fields.into_values().next().unwrap().class)
    }

    #[test]
    fn a_list_of_phones_is_read() {
        let class = one(json!({"title": "Phones", "type": "array", "maxItems": 3,
            "items": {"type": "string", "maxLength": 40},
            "x-sealkeep": {"class": "personal", "kind": "phone", "readers": ["sealkeep-caseworker"],
                           "indexes": [{"kind": "exact", "unique": "no", "bits": 128}]}}))
        .unwrap();
        let FieldClass::Personal(field) = class else { panic!("not personal") };
        assert_eq!(field.kind, PersonalKind::List { of: Box::new(PersonalKind::Phone), max_items: 3 });
        assert_eq!(field.max_length, 40);
    }

    #[test]
    fn free_text_in_clear_is_refused() {
        assert!(
            one(json!({"title": "Note", "type": "string", "maxLength": 20,
            "x-sealkeep": {"class": "clear", "reason": "we would like to read it"}}))
            .is_err()
        );
    }

    #[test]
    fn unknown_keywords_are_refused() {
        let good = json!({"title": "Name", "type": "string", "x-sealkeep": {"class": "personal", "kind": "text"}});
        assert!(one(good.clone()).is_ok());
        let mut bad = good.clone();
        bad["maxlength"] = json!(5);
        assert!(one(bad).is_err());
        let mut bad = good;
        bad["x-sealkeep"]["clear"] = json!(true);
        assert!(one(bad).is_err());
    }
}
