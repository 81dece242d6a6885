//! Coarser values that the registry keeps in clear, by policy of the register's definition.

use km_domain::register::{GeneralisationKind, RegisterDefinition};
use serde_json::{Map, Value};

use crate::{Validated, birth_date::BirthDate};

/// The generalised attributes of a record, by their own names.
pub fn generalised(definition: &RegisterDefinition, validated: &Validated) -> Map<String, Value> {
    let mut attributes = Map::new();
    for (name, field) in definition.personal() {
        let Some(value) = validated.personal.get(name) else { continue };
        for to in &field.generalisations {
            if let Some(coarse) = generalise(to.to, value.expose()) {
                attributes.insert(to.name.to_string(), coarse);
            }
        }
    }
    attributes
}

fn generalise(to: GeneralisationKind, value: &Value) -> Option<Value> {
    match to {
        GeneralisationKind::BirthYearBand10 => {
            BirthDate::parse(value.as_str()?).ok().map(|date| Value::from(date.band_of_ten()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_birth_date_becomes_a_band() {
        let definition =
            RegisterDefinition::from_json(include_str!("../../../deploy/registers/individual.json")).unwrap();
        let person = json!({"display_name": "a", "birth_date": "1989-12-31"});
        let validated = crate::validate(&definition, person.as_object().unwrap()).ok().unwrap();
        assert_eq!(Value::Object(generalised(&definition, &validated)), json!({"birth_year_band": "1980-1989"}));
    }
}
