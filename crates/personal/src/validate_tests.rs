use serde_json::json;

use super::*;

const INDIVIDUAL: &str = include_str!("../../../deploy/registers/individual.json");
const HOUSEHOLD: &str = include_str!("../../../deploy/registers/household.json");

fn individual() -> RegisterDefinition {
    RegisterDefinition::from_json(INDIVIDUAL).unwrap()
}

fn check(fields: Value) -> Result<Validated, Vec<FieldFault>> {
    validate(&individual(), fields.as_object().unwrap())
}

#[test]
fn the_shipped_definitions_hold_nothing_direct_in_clear() {
    let words =
        ["name", "phone", "email", "birth", "address", "coordinate", "national", "passport", "account", "wallet"];
    for text in [INDIVIDUAL, HOUSEHOLD] {
        let definition = RegisterDefinition::from_json(text).unwrap();
        for (name, _) in definition.clear() {
            assert!(!words.iter().any(|word| name.as_str().contains(word)), "{name} is in clear");
        }
        assert!(definition.personal().all(|(_, field)| !field.readers.is_empty()));
    }
}

#[test]
fn people_of_all_kinds_are_valid() {
    let sixty = "አ".repeat(60);
    for person in [
        json!({"display_name": "Sukarno"}),
        json!({"display_name": sixty, "birth_date": "1950"}),
        json!({"display_name": "Ngọc", "birth_date": "1950-07", "birth_date_not_exact": true}),
        json!({"display_name": "សុខា", "national_id": "១២៣៤៥៦៧៨", "phones": ["០៩១១២៣៤៥៦៧", "+855 12 345 678"]}),
        json!({"display_name": "X", "coordinates": {"latitude": -90, "longitude": 180.0}, "income": 0}),
        json!({"display_name": "X", "registration_status": "active", "admin_code": "ET-14-02", "emails": []}),
        json!({"display_name": "محمد\u{200c}علی", "given_name": null, "family_name": ""}),
    ] {
        assert!(check(person.clone()).is_ok(), "{person}");
    }
}

#[test]
fn faults_name_field_and_rule_and_never_the_value() {
    for (person, field) in [
        (json!({"given_name": "CANARY"}), "display_name"),
        (json!({"display_name": 7}), "display_name"),
        (json!({"display_name": "CANARY\u{202e}"}), "display_name"),
        (json!({"display_name": "CANARY".repeat(40)}), "display_name"),
        (json!({"display_name": "-"}), "display_name"),
        (json!({"display_name": "a", "national_id": "CANARY!"}), "national_id"),
        (json!({"display_name": "a", "birth_date": "CANARY"}), "birth_date"),
        (json!({"display_name": "a", "phones": ["+251911234567", "CANARY"]}), "phones"),
        (json!({"display_name": "a", "phones": "CANARY"}), "phones"),
        (json!({"display_name": "a", "sex": "CANARY"}), "sex"),
        (json!({"display_name": "a", "admin_code": "CANARY"}), "admin_code"),
        (json!({"display_name": "a", "pregnant": "CANARY"}), "pregnant"),
        (json!({"display_name": "a", "coordinates": {"latitude": 91, "longitude": 0}}), "coordinates"),
        (json!({"display_name": "a", "birth_year_band": "CANARY"}), "birth_year_band"),
        (json!({"display_name": "a", "CANARY": "x"}), "(unknown)"),
    ] {
        let faults = check(person).err().unwrap();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].field, field);
        assert!(!faults[0].to_string().contains("CANARY"));
    }
}

#[test]
fn all_faults_are_listed() {
    assert_eq!(check(json!({"sex": "?", "birth_date": "x", "nonsense": 1})).err().unwrap().len(), 4);
}
