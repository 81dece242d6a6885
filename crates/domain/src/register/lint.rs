//! What a definition may not say, though it is well formed: above all, what may not be in clear.

use super::{
    ClearField, ClearKind, DefinitionError, FieldClass, GeneralisationKind, IndexRule, Mask, Pattern, PersonalField,
    PersonalKind, PhoneRule, RegisterDefinition, parse::refuse,
};
use crate::Role;

const MAX_TEXT: usize = 4096;
const MAX_ITEMS: usize = 100;
const MAX_CODES: usize = 1000;
const MAX_CODE_LENGTH: usize = 64;
/// A whole number in clear may take this many values; more of them could name a person.
const MAX_CLEAR_SPAN: i64 = 1_000_000;
/// A reason shorter than this is not one.
const MIN_REASON: usize = 12;

/// Checks a definition that has been read; the error is its first fault, by field and rule.
pub(super) fn definition(definition: &RegisterDefinition) -> Result<(), DefinitionError> {
    if definition.schema == 0 {
        return Err(refuse("x-sealkeep.schema", "versions count from 1"));
    }
    phone(&definition.phone).map_err(|rule| refuse("x-sealkeep.phone", rule))?;
    for (name, field) in &definition.fields {
        let outcome = match &field.class {
            FieldClass::Personal(personal_field) => personal(definition, personal_field),
            FieldClass::Clear(clear_field) => clear(clear_field),
        };
        outcome.map_err(|rule| refuse(name.as_str(), rule))?;
    }
    Ok(())
}

fn phone(rule: &PhoneRule) -> Result<(), &'static str> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !digits(&rule.calling_code) || rule.calling_code.len() > 3 || rule.calling_code.starts_with('0') {
        return Err("a calling code is 1 to 3 digits without 0 in front");
    }
    if !digits(&rule.trunk_prefix) || rule.trunk_prefix.len() > 3 {
        return Err("a trunk prefix is at most 3 digits");
    }
    Ok(())
}

fn clear(field: &ClearField) -> Result<(), &'static str> {
    reason(&field.reason)?;
    match &field.kind {
        ClearKind::Code { values } => codes(values),
        ClearKind::Pattern { pattern } => coded(pattern),
        ClearKind::Number { minimum, maximum } => match maximum.checked_sub(*minimum) {
            Some(0..=MAX_CLEAR_SPAN) => Ok(()),
            Some(..0) => Err("the maximum is below the minimum"),
            _ => Err("a number in clear may take at most 1000000 values: more could name a person"),
        },
        ClearKind::Boolean | ClearKind::RecordLink => Ok(()),
    }
}

fn reason(reason: &str) -> Result<(), &'static str> {
    if reason.trim().chars().count() < MIN_REASON {
        return Err("a field in clear or generalised needs a reason");
    }
    Ok(())
}

fn codes(values: &[String]) -> Result<(), &'static str> {
    let distinct: std::collections::BTreeSet<_> = values.iter().collect();
    if values.is_empty() || values.len() > MAX_CODES || distinct.len() != values.len() {
        return Err("a closed list has 1 to 1000 different values");
    }
    if values.iter().any(|value| value.is_empty() || value.len() > MAX_CODE_LENGTH) {
        return Err("a code is 1 to 64 bytes");
    }
    Ok(())
}

fn personal(definition: &RegisterDefinition, field: &PersonalField) -> Result<(), &'static str> {
    if field.max_length == 0 || field.max_length > MAX_TEXT {
        return Err("maxLength is 1 to 4096");
    }
    match &field.kind {
        PersonalKind::List { max_items, .. } if !(1..=MAX_ITEMS).contains(max_items) => {
            return Err("maxItems is 1 to 100");
        }
        PersonalKind::List { of, .. } if matches!(**of, PersonalKind::List { .. }) => return Err("no lists of lists"),
        _ => {}
    }
    match field.kind.of_one() {
        PersonalKind::Code { values } => codes(values)?,
        PersonalKind::Number { minimum, maximum } if minimum > maximum => {
            return Err("the maximum is below the minimum");
        }
        _ => {}
    }
    if field.pattern.is_some() && !matches!(field.kind.of_one(), PersonalKind::Identifier) {
        return Err("only an identifier has a pattern");
    }
    field.indexes.iter().try_for_each(|rule| index(field, rule))?;
    if field.mask == Some(Mask::Year) && field.kind != PersonalKind::BirthDate {
        return Err("the mask year is for birth dates");
    }
    if !field.masked_readers.is_empty() && field.mask.is_none() {
        return Err("masked readers need a mask");
    }
    if field.readers.iter().chain(&field.masked_readers).any(|role| Role::from_name(role).is_none()) {
        return Err("a reader is a role that Sealkeep knows");
    }
    generalisations(definition, field)
}

fn index(field: &PersonalField, rule: &IndexRule) -> Result<(), &'static str> {
    if !(64..=256).contains(&rule.bits) || !rule.bits.is_multiple_of(8) {
        return Err("an index term is 64 to 256 bits long, in whole bytes");
    }
    if field.indexes.iter().filter(|other| other.kind == rule.kind).count() > 1 {
        return Err("one index of a kind is enough");
    }
    match field.kind.of_one() {
        PersonalKind::Code { .. }
        | PersonalKind::Number { .. }
        | PersonalKind::Boolean
        | PersonalKind::Coordinates
        | PersonalKind::List { .. } => Err("equal terms of a value with few forms would tell the value: no index"),
        PersonalKind::Text
        | PersonalKind::Identifier
        | PersonalKind::BirthDate
        | PersonalKind::Phone
        | PersonalKind::Email => Ok(()),
    }
}

fn generalisations(definition: &RegisterDefinition, field: &PersonalField) -> Result<(), &'static str> {
    for to in &field.generalisations {
        reason(&to.reason)?;
        if definition.fields.contains_key(&to.name) {
            return Err("a generalised attribute has the name of a field");
        }
        let same = definition.personal().flat_map(|(_, other)| &other.generalisations);
        if same.filter(|other| other.name == to.name).count() > 1 {
            return Err("two generalised attributes have the same name");
        }
        match to.to {
            GeneralisationKind::BirthYearBand10 if field.kind != PersonalKind::BirthDate => {
                return Err("a birth year band is made of a birth date");
            }
            GeneralisationKind::BirthYearBand10 => {}
        }
    }
    Ok(())
}

/// A pattern in clear may only describe a code: capital letters in runs of at most 4, digits in runs of at most 6, `-`,
/// `/` and `_` between them, 32 characters in all. Longer runs could hold a name or an identity number.
fn coded(pattern: &Pattern) -> Result<(), &'static str> {
    const RULE: &str = "a pattern in clear is made of [A-Z] up to 4, [0-9] up to 6 times, capitals, digits, - / _ and \
                        groups that end in such a sign, 32 characters in all";
    let source = pattern.source();
    let mut run = Runs::default();
    let inner = source.get(1..source.len() - 1).unwrap_or_default();
    if run.sequence(&mut inner.chars().peekable(), 0).is_some() && run.total <= 32 { Ok(()) } else { Err(RULE) }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// The longest that a value could be, and how long its present run of letters or digits is.
#[derive(Default)]
struct Runs {
    letters: usize,
    digits: usize,
    total: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Letter,
    Digit,
    Separator,
}

impl Runs {
    /// Reads up to the end, or to the `)` that closes a group. None: something that a code does not have.
    fn sequence(&mut self, rest: &mut Chars<'_>, depth: usize) -> Option<()> {
        while let Some(next) = rest.next() {
            match next {
                ')' if depth == 1 => return Some(()),
                '(' if depth == 0 => self.group(rest)?,
                '[' => {
                    let class: String = rest.by_ref().take_while(|c| *c != ']').collect();
                    let sign = match class.as_str() {
                        "A-Z" => Sign::Letter,
                        "0-9" => Sign::Digit,
                        _ => return None,
                    };
                    let times = repeat(rest)?;
                    self.add(sign, times)?;
                }
                'A'..='Z' => self.add(Sign::Letter, repeat(rest)?)?,
                '0'..='9' => self.add(Sign::Digit, repeat(rest)?)?,
                '-' | '/' | '_' => self.add(Sign::Separator, repeat(rest)?)?,
                _ => return None,
            }
        }
        (depth == 0).then_some(())
    }

    /// A group must hold a separator at one of its ends, so that repeating it makes no longer run.
    fn group(&mut self, rest: &mut Chars<'_>) -> Option<()> {
        let body: String = rest.clone().take_while(|c| *c != ')').collect();
        let body = body.strip_prefix("?:").unwrap_or(&body).to_owned();
        rest.by_ref().take_while(|c| *c != ')').for_each(drop);
        let separator = |c: char| matches!(c, '-' | '/' | '_');
        if !body.starts_with(separator) && !body.ends_with(separator) {
            return None;
        }
        let before = self.total;
        self.sequence(&mut body.chars().peekable(), 0)?;
        let times = repeat(rest)?;
        self.total = before + (self.total - before) * times.max(1);
        Some(())
    }

    fn add(&mut self, sign: Sign, times: usize) -> Option<()> {
        self.total += times;
        match sign {
            Sign::Letter => (self.letters, self.digits) = (self.letters + times, 0),
            Sign::Digit => (self.letters, self.digits) = (0, self.digits + times),
            Sign::Separator => (self.letters, self.digits) = (0, 0),
        }
        (self.letters <= 4 && self.digits <= 6).then_some(())
    }
}

/// Reads an optional `?`, `{n}` or `{n,m}`; returns the greatest count. None: unbounded or malformed.
fn repeat(rest: &mut Chars<'_>) -> Option<usize> {
    match rest.peek() {
        Some('?') => {
            rest.next();
            Some(1)
        }
        Some('{') => {
            rest.next();
            let bounds: String = rest.by_ref().take_while(|c| *c != '}').collect();
            bounds.rsplit(',').next()?.parse().ok()
        }
        Some('*' | '+') => None,
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clear_pattern(pattern: &str) -> Result<(), &'static str> {
        coded(&Pattern::new(pattern).unwrap())
    }

    #[test]
    fn area_codes_are_codes() {
        for good in ["^[A-Z]{2}(-[0-9]{2}){1,5}$", "^ET[0-9]{6}$", "^[A-Z]{2}-[0-9]{2}-[0-9]{2,4}$"] {
            assert_eq!(clear_pattern(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_could_hold_a_name_or_an_id_is_not_a_code() {
        for bad in [
            "^.{1,32}$",
            "^[A-Z]{1,20}$",
            "^[a-z]{2}$",
            "^[0-9]{10}$",
            "^[0-9]+$",
            "^[0-9]{4}[0-9]{4}$",
            "^([0-9]{4}){3}$",
            "^(-[0-9]{4}){20}$",
            "^\\w{3}$",
            "^[0-9]{3,}$",
            "^[A-Z]{4}|[A-Z ]{30}$",
        ] {
            assert!(clear_pattern(bad).is_err(), "accepted {bad}");
        }
    }

    #[test]
    fn a_reason_is_demanded_and_ranges_are_bounded() {
        let number = |minimum, maximum, reason: &str| {
            clear(&ClearField { kind: ClearKind::Number { minimum, maximum }, reason: reason.into() })
        };
        assert_eq!(number(0, 100, "planning needs the size of a household"), Ok(()));
        assert!(number(0, 100, "").is_err());
        assert!(number(0, 9_999_999_999, "planning needs the size of a household").is_err());
        assert!(number(5, 1, "planning needs the size of a household").is_err());
    }
}
