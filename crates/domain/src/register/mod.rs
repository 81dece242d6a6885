//! Register definitions: which fields a register has, which of them are personal, how they are indexed, generalised,
//! masked, and who may read them. Definitions are files (`deploy/registers/*.json`): JSON Schema 2020-12 with the
//! keyword `x-sealkeep`. No value of a personal field ever has a type here.

mod clear;
mod lint;
mod parse;
mod pattern;

pub use clear::{ClearFault, check_clear};
pub use parse::DefinitionError;
pub use pattern::Pattern;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{FieldName, RegisterName};

/// One register, as its file defines it.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisterDefinition {
    pub register: RegisterName,
    /// Version of the definition; part of every sealed value's AAD.
    pub schema: u32,
    pub title: String,
    /// How a phone number without a country is read.
    pub phone: PhoneRule,
    pub fields: BTreeMap<FieldName, Field>,
}

/// What a phone number written the national way means. Empty: only numbers with `+` or `00` and a country are phones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneRule {
    /// Country calling code without `+` (ITU-T E.164, section 6), 1 to 3 digits.
    pub calling_code: String,
    /// Digits dialled before a national number, mostly `0`; dropped.
    #[serde(default)]
    pub trunk_prefix: String,
}

/// One field of a register.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub title: String,
    pub required: bool,
    pub class: FieldClass,
}

/// What the registry may know of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldClass {
    /// Sealed: the registry never sees a value.
    Personal(PersonalField),
    /// In clear: a closed list, coded pattern, bounded number or internal id, never free text.
    Clear(ClearField),
}

/// How a personal field is checked, found and shown. Applied in the key zone and by clients (crate `personal`).
#[derive(Debug, Clone, PartialEq)]
pub struct PersonalField {
    pub kind: PersonalKind,
    /// Longest value in Unicode scalar values, for texts and identifiers, and per item of a list.
    pub max_length: usize,
    /// Pattern that an identifier must match after normalisation, from `^` to `$`.
    pub pattern: Option<Pattern>,
    pub indexes: Vec<IndexRule>,
    pub generalisations: Vec<Generalisation>,
    pub mask: Option<Mask>,
    /// Roles that may open the field. Empty: nobody.
    pub readers: Vec<String>,
    /// Roles that may open it masked only (a role in both lists reads it whole).
    pub masked_readers: Vec<String>,
}

/// The shape of a personal value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonalKind {
    /// Free text: names, addresses.
    Text,
    /// An identifier: national id, passport, bank account.
    Identifier,
    /// `YYYY-MM-DD`, `YYYY-MM` or `YYYY` (unknown day or month), no zone.
    BirthDate,
    /// E.164 after normalisation.
    Phone,
    Email,
    /// One of a closed list.
    Code {
        values: Vec<String>,
    },
    /// A number between two bounds, inclusive.
    Number {
        minimum: f64,
        maximum: f64,
    },
    Boolean,
    /// A list of one of the other kinds, at most `max_items` long.
    List {
        of: Box<PersonalKind>,
        max_items: usize,
    },
    /// Latitude and longitude in degrees.
    Coordinates,
}

/// A keyed index over a personal field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexRule {
    pub kind: IndexKind,
    pub unique: Unique,
    /// Length of a term in bits, a multiple of 8 from 64 to 256.
    pub bits: u16,
}

/// What two values must share to share a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexKind {
    /// The whole normalised value.
    Exact,
}

impl IndexKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
        }
    }
}

/// What happens when a term is already there for another record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unique {
    No,
    Warn,
    Refuse,
}

/// A coarser value of a personal field that the registry keeps in clear, by policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generalisation {
    /// The clear attribute that it becomes.
    pub name: FieldName,
    pub to: GeneralisationKind,
    /// Why this may be in clear; the lint demands it.
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeneralisationKind {
    /// `1980-1989`
    BirthYearBand10,
}

/// How a value is shown to a role that may see it masked only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// All but the last four characters.
    LastFour,
    /// The year of a date.
    Year,
    /// The first letter of each word.
    Initials,
    /// Nothing but that there is a value.
    Hidden,
}

/// A field in clear.
#[derive(Debug, Clone, PartialEq)]
pub struct ClearField {
    pub kind: ClearKind,
    /// Why it may be in clear; the lint demands it.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ClearKind {
    Code {
        values: Vec<String>,
    },
    /// A coded pattern, at most 32 characters, e.g. an administrative area code.
    Pattern {
        pattern: Pattern,
    },
    Number {
        minimum: i64,
        maximum: i64,
    },
    Boolean,
    /// The id of another record: a link, never a name.
    RecordLink,
}

impl PersonalKind {
    /// The kind of one value: of the items for a list, itself for everything else.
    pub fn of_one(&self) -> &PersonalKind {
        match self {
            Self::List { of, .. } => of,
            single => single,
        }
    }
}

impl RegisterDefinition {
    pub fn personal(&self) -> impl Iterator<Item = (&FieldName, &PersonalField)> {
        self.fields.iter().filter_map(|(name, field)| match &field.class {
            FieldClass::Personal(personal) => Some((name, personal)),
            FieldClass::Clear(_) => None,
        })
    }

    pub fn clear(&self) -> impl Iterator<Item = (&FieldName, &ClearField)> {
        self.fields.iter().filter_map(|(name, field)| match &field.class {
            FieldClass::Clear(clear) => Some((name, clear)),
            FieldClass::Personal(_) => None,
        })
    }

    /// Whether the registry holds an attribute of this name in clear: a clear field or a generalisation.
    pub fn is_clear_attribute(&self, name: &str) -> bool {
        self.clear().any(|(field, _)| field.as_str() == name)
            || self.personal().any(|(_, field)| field.generalisations.iter().any(|to| to.name.as_str() == name))
    }

    pub fn personal_field(&self, name: &str) -> Option<(&FieldName, &PersonalField)> {
        self.personal().find(|(field, _)| field.as_str() == name)
    }

    /// Reads a definition file and lints it. Errors name the field and the rule.
    pub fn from_json(text: &str) -> Result<Self, DefinitionError> {
        parse::definition(text)
    }
}
