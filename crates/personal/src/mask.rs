//! What a role sees that may see a value masked only.

use km_domain::register::Mask;
use serde_json::Value;

use crate::birth_date::BirthDate;

const HIDDEN: &str = "****";
const SHOWN: usize = 4;

/// The masked form of a value; of a list, each item masked. What a mask does not fit is hidden.
pub fn mask(mask: Mask, value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| self::mask(mask, item)).collect()),
        Value::String(text) => Value::from(masked(mask, text)),
        Value::Null => Value::Null,
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Value::from(HIDDEN),
    }
}

fn masked(mask: Mask, text: &str) -> String {
    match mask {
        Mask::LastFour => last_four(text),
        Mask::Year => BirthDate::parse(text).map_or_else(|_| HIDDEN.to_owned(), |date| format!("{:04}", date.year)),
        Mask::Initials => {
            let first = |word: &str| word.chars().next().map(|letter| format!("{letter}."));
            text.split_whitespace().filter_map(first).collect::<Vec<_>>().join(" ")
        }
        Mask::Hidden => HIDDEN.to_owned(),
    }
}

/// Never more than half of the value, and always as many stars, so that the length stays hidden.
fn last_four(text: &str) -> String {
    let length = text.chars().count();
    let shown: String = text.chars().skip(length - SHOWN.min(length / 2)).collect();
    format!("{HIDDEN}{shown}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn masks_show_what_they_promise_and_no_more() {
        assert_eq!(mask(Mask::LastFour, &json!("9912345678")), json!("****5678"));
        assert_eq!(mask(Mask::LastFour, &json!("12345")), json!("****45"));
        assert_eq!(mask(Mask::LastFour, &json!(["١٢٣٤٥٦٧٨", "1"])), json!(["****٥٦٧٨", "****"]));
        assert_eq!(mask(Mask::Year, &json!("1984-02")), json!("1984"));
        assert_eq!(mask(Mask::Year, &json!("no date")), json!("****"));
        assert_eq!(mask(Mask::Initials, &json!("Abebe  Bikila")), json!("A. B."));
        assert_eq!(mask(Mask::Hidden, &json!("a")), json!("****"));
        assert_eq!(mask(Mask::LastFour, &json!(12345678)), json!("****"));
    }
}
