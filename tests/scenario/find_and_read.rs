//! Step 3: A caseworker finds a person by national id, however it is typed, and reads the record back.

use km_tests::on_both;
use serde_json::json;

use crate::{find, open, town};

/// The zeros of the scripts in which people write their numbers.
const ZEROS: [char; 6] = ['0', '٠', '០', '०', '০', '໐'];

/// The value of a digit in whatever script.
fn digit(sign: char) -> Option<u32> {
    ZEROS.iter().find_map(|zero| u32::from(sign).checked_sub(u32::from(*zero)).filter(|digit| *digit < 10))
}

on_both! {
    fn a_person_is_found_by_an_id_in_any_digits_and_read_as_imported(system: &System) {
        let town = town::of(system);
        for number in 0..3 {
            let person = town.person(number);
            let id = &person["national_id"];
            let found = find(system, id, "display_name,birth_date,bank_account");
            assert_eq!(found.len(), 1, "{id}");
            assert_eq!(found[0]["compared"], json!(true));
            for field in ["display_name", "birth_date"] {
                assert_eq!(found[0]["values"][field], json!(person[field]), "{field}");
            }
            // The same typed in Arabic digits, and in ASCII ones.
            let digits: Vec<u32> = id.chars().filter_map(digit).collect();
            assert_eq!(digits.len(), 12);
            for zero in ['٠', '0'] {
                let typed: String = digits.iter().filter_map(|digit| char::from_u32(u32::from(zero) + digit)).collect();
                let again = find(system, &typed, "display_name");
                assert_eq!((again.len(), &again[0]["record"]), (1, &found[0]["record"]), "{typed}");
            }
            let record = found[0]["record"].as_str().expect("an id");
            let opened = open(system, "caseworker", record, "display_name,family_name").good().json();
            assert_eq!(opened["records"][0]["values"]["display_name"], json!(person["display_name"]));
            assert!(opened["log_index"].is_u64() && opened["checkpoint"].is_string(), "{opened:#}");
        }
    }
}
