//! What index terms are computed from.

use km_domain::{
    FieldName, SecretBytes,
    register::{IndexRule, PersonalField, RegisterDefinition},
};
use serde_json::Value;

use crate::{FieldFault, SecretValue, Validated, normalise::normalise, validate};

/// One normalised value of one field, of which one keyed index makes one term.
pub struct IndexInput {
    pub field: FieldName,
    pub rule: IndexRule,
    /// The normal form, UTF-8.
    pub value: SecretBytes,
}

/// The inputs of all terms of a record; a list gives one per different item.
pub fn index_inputs(definition: &RegisterDefinition, validated: &Validated) -> Vec<IndexInput> {
    let of_field = |(name, normals): (&FieldName, &Vec<SecretBytes>)| match definition.personal_field(name.as_str()) {
        Some((name, rules)) => inputs(name, rules, normals),
        None => Vec::new(),
    };
    validated.normal.iter().flat_map(of_field).collect()
}

/// The inputs of the terms of one field: for a value that was sealed earlier.
pub fn index_inputs_of(definition: &RegisterDefinition, field: &FieldName, value: &SecretValue) -> Vec<IndexInput> {
    match definition.personal_field(field.as_str()) {
        Some((name, rules)) => inputs(name, rules, &normal_forms(definition, rules, value.expose())),
        None => Vec::new(),
    }
}

fn inputs(name: &FieldName, rules: &PersonalField, normals: &[SecretBytes]) -> Vec<IndexInput> {
    let input = |rule: &IndexRule, normal: &SecretBytes| IndexInput {
        field: name.clone(),
        rule: rule.clone(),
        value: normal.clone(),
    };
    rules.indexes.iter().flat_map(|rule| normals.iter().map(|normal| input(rule, normal)).collect::<Vec<_>>()).collect()
}

/// The input of the term that finds a value. For a list field the value is one item. Refused: a field that is unknown,
/// clear or not indexed, a value that breaks the field's rules.
pub fn query_input(definition: &RegisterDefinition, field: &str, value: &Value) -> Result<IndexInput, FieldFault> {
    let shown = if field.parse::<FieldName>().is_ok() { field } else { "(unknown)" };
    let fault = |rule: &str| FieldFault::new(shown, rule);
    let (name, rules) =
        definition.personal_field(field).ok_or_else(|| fault("the definition has no personal field of this name"))?;
    let rule = rules.indexes.first().ok_or_else(|| fault("is not indexed"))?;
    let one = PersonalField { kind: rules.kind.of_one().clone(), ..rules.clone() };
    let mut clean = validate::personal(&one, &definition.phone, value).map_err(|rule| fault(&rule))?;
    let normal = clean.normal.pop().ok_or_else(|| fault("has no value"))?;
    Ok(IndexInput { field: name.clone(), rule: rule.clone(), value: normal })
}

/// Whether a record that was opened really has the value that was looked for: the check that detects an invented answer.
pub fn matches_query(definition: &RegisterDefinition, field: &str, query: &Value, opened: &Value) -> bool {
    let (Ok(wanted), Some((_, rules))) = (query_input(definition, field, query), definition.personal_field(field))
    else {
        return false;
    };
    normal_forms(definition, rules, opened).iter().any(|normal| normal.expose() == wanted.value.expose())
}

/// Different normal forms of a value's items, in order. An item without one has no term.
fn normal_forms(definition: &RegisterDefinition, rules: &PersonalField, value: &Value) -> Vec<SecretBytes> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let texts = items.iter().filter_map(Value::as_str);
    validate::distinct(texts.filter_map(|text| normalise(&rules.kind, &definition.phone, text).ok()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn individual() -> RegisterDefinition {
        RegisterDefinition::from_json(include_str!("../../../deploy/registers/individual.json")).unwrap()
    }

    #[test]
    fn a_list_gives_one_input_per_different_item() {
        let person = json!({"display_name": "ሰላም", "phones": ["0911234567", "+251 911 234 567", "+251 911 000 000"]});
        let validated = validate::validate(&individual(), person.as_object().unwrap()).ok().unwrap();
        let inputs = index_inputs(&individual(), &validated);
        let of = |name: &str| inputs.iter().filter(|input| input.field.as_str() == name).count();
        assert_eq!((of("phones"), of("display_name"), inputs.len()), (2, 1, 3));
    }

    #[test]
    fn an_id_in_arabic_digits_is_found() {
        let stored =
            index_inputs_of(&individual(), &"national_id".parse().unwrap(), &SecretValue::new(json!("99-1234 5678")));
        let query = query_input(&individual(), "national_id", &json!("٩٩١٢٣٤٥٦٧٨")).ok().unwrap();
        assert_eq!(stored[0].value.expose(), query.value.expose());
        assert!(matches_query(&individual(), "national_id", &json!("٩٩١٢٣٤٥٦٧٨"), &json!("9912345678")));
        assert!(!matches_query(&individual(), "national_id", &json!("9912345678"), &json!("9912345679")));
        assert!(matches_query(&individual(), "phones", &json!("0911234567"), &json!(["+1 5555555", "+251911234567"])));
    }

    #[test]
    fn only_indexed_fields_are_asked_for() {
        for (field, value) in [("sex", "female"), ("admin_code", "ET-01"), ("occupation", "farmer"), ("nothing", "x")] {
            assert_eq!(query_input(&individual(), field, &json!(value)).err().unwrap().field, field);
        }
        let fault = query_input(&individual(), "national_id", &json!("!")).err().unwrap();
        assert!(!fault.rule.contains('!'));
    }
}
