//! Members of a request, read as leniently as the dialect's own server reads them: null is absent, a scalar of another type is taken
//! by its text, members that nobody knows are passed over.

use std::borrow::Cow;

use km_domain::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use super::error::Refusal;

/// A text; a number or a truth value is taken by its text. Borrowed from the body where it holds no escapes.
pub struct Text<'a>(pub Cow<'a, str>);

/// A truth value; also as text, and empty for absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub Option<bool>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_string()))
    }
}

/// An object of names and texts, in the order in which they stand; what is null is left out. A name that stands twice is there twice.
pub struct Pairs(pub Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, text)) = members.next_entry::<String, Option<Text<'_>>>()? {
            pairs.extend(text.map(|text| (name, text.0.into_owned())));
        }
        Ok(Pairs(pairs))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        match text.0.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Self(Some(true))),
            "false" => Ok(Self(Some(false))),
            "" => Ok(Self(None)),
            _ => Err(D::Error::custom("must be true or false")),
        }
    }
}

/// Absent and null are false.
pub fn is_true(flag: Option<Flag>) -> bool {
    flag.and_then(|flag| flag.0).unwrap_or(false)
}

/// What a member must be that must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// `should not be null or empty`: key management, encryption.
    Filled,
    /// `must not be blank`: signatures.
    Unblank,
    /// `must not be null`.
    Present,
}

impl Constraint {
    const fn text(self) -> &'static str {
        match self {
            Self::Filled => "should not be null or empty",
            Self::Unblank => "must not be blank",
            Self::Present => "must not be null",
        }
    }
}

/// Looks at the members of a request and remembers every fault, because the answer lists them all.
#[derive(Default)]
pub struct Members(Vec<String>);

impl Members {
    /// A member that must be there; empty where it is not, and then [`Members::end`] refuses.
    pub fn required<'a>(&mut self, name: &str, member: Option<&'a Text<'_>>, constraint: Constraint) -> &'a str {
        match member {
            Some(text) if constraint == Constraint::Present || !text.0.trim().is_empty() => &text.0,
            _ => {
                self.0.push(format!("request.{name} {}", constraint.text()));
                ""
            }
        }
    }

    /// A member that may be absent, but must hold more than a character or two of blanks if it is there (salt, aad).
    pub fn if_there<'a>(&mut self, name: &str, member: Option<&'a Text<'_>>) -> Option<&'a str> {
        let text = member.map(|text| &*text.0)?;
        // MOSIP's pattern `.+\S.*`: a character that is not blank, and one before it.
        if text.chars().skip(1).any(|char| !char.is_whitespace()) {
            return Some(text);
        }
        self.0.push(format!("request.{name} should not be empty"));
        None
    }

    /// A member that may be absent; absent and blank are the same.
    pub fn optional<'a>(member: Option<&'a Text<'_>>) -> &'a str {
        member.map(|text| &*text.0).filter(|text| !text.trim().is_empty()).unwrap_or_default()
    }

    /// A time that must be there and that nothing depends on.
    pub fn time(&mut self, name: &str, member: Option<&Text<'_>>) {
        let text = self.required(name, member, Constraint::Present);
        if member.is_some() && km_formats::mosip::time::parse(text).is_err() {
            self.0.push(format!("request.{name} must be of the form 2025-01-15T09:30:00.000Z"));
        }
    }

    /// A time that may be absent.
    pub fn moment(&mut self, name: &str, member: Option<&Text<'_>>) -> Option<Timestamp> {
        let text = Some(Self::optional(member)).filter(|text| !text.is_empty())?;
        let moment = km_formats::mosip::time::parse(text);
        if moment.is_err() {
            self.fault(name, "must be of the form 2025-01-15T09:30:00.000Z");
        }
        moment.ok()
    }

    /// Notes a fault of a member.
    pub fn fault(&mut self, name: &str, rule: &str) {
        self.0.push(format!("request.{name} {rule}"));
    }

    /// Refuses where there was a fault.
    pub fn end(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::invalid(self.0)) }
    }
}
