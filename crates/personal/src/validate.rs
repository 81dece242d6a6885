//! Checks the fields of a record against its register's definition.

use std::collections::BTreeMap;

use km_domain::{
    FieldName, SecretBytes,
    register::{FieldClass, PersonalField, PersonalKind, PhoneRule, RegisterDefinition, check_clear},
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{FieldFault, SecretValue, normalise::normalise};

/// The fields of a record that keep every rule of the definition. Only [`validate`] makes one.
pub struct Validated {
    /// Personal fields that have a value; texts without white space at either end, birth dates in ASCII digits.
    pub personal: BTreeMap<FieldName, SecretValue>,
    /// Clear fields that have a value.
    pub clear: Map<String, Value>,
    /// The different normal forms of personal fields, in order; of each item of a list.
    pub(crate) normal: BTreeMap<FieldName, Vec<SecretBytes>>,
}

/// A personal value that keeps its field's rules, and its different normal forms.
pub(crate) struct Clean {
    pub value: SecretValue,
    pub normal: Vec<SecretBytes>,
}

/// Checks all fields, personal and clear. An absent field, null, an empty text and an empty list are the same: no value.
/// Returns all faults, each naming field and rule and never a value.
pub fn validate(definition: &RegisterDefinition, fields: &Map<String, Value>) -> Result<Validated, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let mut validated = Validated { personal: BTreeMap::new(), clear: Map::new(), normal: BTreeMap::new() };
    for (name, value) in fields {
        let known = definition.fields.iter().find(|(field, _)| field.as_str() == name);
        match known.map(|(field_name, field)| (field_name, &field.class)) {
            None => {
                // What is not even a field's name may be a value in the wrong place: not repeated.
                let shown = if name.parse::<FieldName>().is_ok() { name } else { "(unknown)" };
                faults.push(FieldFault::new(shown, "the definition has no field of this name"));
            }
            Some(_) if is_absent(value) => {}
            Some((_, FieldClass::Clear(_))) => {
                validated.clear.insert(name.clone(), value.clone());
            }
            Some((field_name, FieldClass::Personal(field))) => match personal(field, &definition.phone, value) {
                Ok(clean) => {
                    validated.personal.insert(field_name.clone(), clean.value);
                    validated.normal.insert(field_name.clone(), clean.normal);
                }
                Err(rule) => faults.push(FieldFault::new(name, rule)),
            },
        }
    }
    for (name, field) in &definition.fields {
        let missing = matches!(field.class, FieldClass::Personal(_)) && !validated.personal.contains_key(name);
        if field.required && missing && !faults.iter().any(|fault| fault.field == name.as_str()) {
            faults.push(FieldFault::new(name.as_str(), "is required"));
        }
    }
    let clear = validated.clear.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Err(fault) = check_clear(definition, &clear) {
        faults.push(FieldFault { field: fault.field, rule: fault.rule });
    }
    if faults.is_empty() { Ok(validated) } else { Err(faults) }
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Checks one personal value; the error is the rule that it breaks.
pub(crate) fn personal(field: &PersonalField, phone: &PhoneRule, value: &Value) -> Result<Clean, String> {
    let PersonalKind::List { of, max_items } = &field.kind else {
        let (value, normal) = one(field, &field.kind, phone, value)?;
        return Ok(Clean { value: SecretValue::new(value), normal: distinct(normal) });
    };
    let items = value.as_array().ok_or("must be a list")?;
    if items.len() > *max_items {
        return Err(format!("has at most {max_items} items"));
    }
    let (mut clean, mut normals) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for (at, item) in items.iter().enumerate() {
        let (value, normal) = one(field, of, phone, item).map_err(|rule| format!("item {}: {rule}", at + 1))?;
        clean.push(value);
        normals.extend(normal);
    }
    Ok(Clean { value: SecretValue::new(Value::Array(clean)), normal: distinct(normals) })
}

/// The different ones, in order. What is empty has no term.
pub(crate) fn distinct(normals: impl IntoIterator<Item = Zeroizing<String>>) -> Vec<SecretBytes> {
    let mut forms = Vec::<SecretBytes>::new();
    for normal in normals {
        if !normal.is_empty() && !forms.iter().any(|form| form.expose() == normal.as_bytes()) {
            forms.push(SecretBytes::new(normal.as_bytes().to_vec()));
        }
    }
    forms
}

/// A value as it is kept, and its normal form if its kind has one.
type One = (Value, Option<Zeroizing<String>>);

fn one(field: &PersonalField, kind: &PersonalKind, phone: &PhoneRule, value: &Value) -> Result<One, &'static str> {
    let without = |value: Value| (value, None);
    match kind {
        PersonalKind::Boolean => value.is_boolean().then(|| without(value.clone())).ok_or("must be true or false"),
        PersonalKind::Number { minimum, maximum } => {
            let fits = value.as_f64().is_some_and(|number| (*minimum..=*maximum).contains(&number));
            fits.then(|| without(value.clone())).ok_or("must be a number in the range")
        }
        PersonalKind::Coordinates => coordinates(value).map(without),
        PersonalKind::Code { values } => {
            let code = value.as_str().ok_or("must be a text")?.trim();
            let listed = values.iter().any(|v| v == code).then(|| Value::from(code));
            Ok((listed.ok_or("must be one of the listed codes")?, Some(normalise(kind, phone, code)?)))
        }
        PersonalKind::List { .. } => Err("must not be a list of lists"),
        PersonalKind::Text
        | PersonalKind::Identifier
        | PersonalKind::BirthDate
        | PersonalKind::Phone
        | PersonalKind::Email => text(field, kind, phone, value),
    }
}

fn text(field: &PersonalField, kind: &PersonalKind, phone: &PhoneRule, value: &Value) -> Result<One, &'static str> {
    let text = value.as_str().ok_or("must be a text")?.trim();
    if text.chars().nth(field.max_length).is_some() {
        return Err("is too long");
    }
    if text.chars().any(is_forbidden) {
        return Err("holds a control character");
    }
    let normal = normalise(kind, phone, text)?;
    if !normal.chars().any(char::is_alphanumeric) {
        return Err("holds no letter and no digit");
    }
    if field.pattern.as_ref().is_some_and(|pattern| !pattern.matches(&normal)) {
        return Err("does not match the pattern of the definition");
    }
    let kept = Value::from(if *kind == PersonalKind::BirthDate { normal.as_str() } else { text });
    Ok((kept, Some(normal)))
}

/// Controls, and the embeddings and overrides that make a text look like another one.
fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
}

fn coordinates(value: &Value) -> Result<Value, &'static str> {
    const RULE: &str = "must be an object with latitude and longitude in degrees, and nothing else";
    let pair = value.as_object().filter(|members| members.len() == 2).ok_or(RULE)?;
    let within = |name: &str, bound: f64| pair.get(name).and_then(Value::as_f64).is_some_and(|d| d.abs() <= bound);
    if within("latitude", 90.0) && within("longitude", 180.0) { Ok(value.clone()) } else { Err(RULE) }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
