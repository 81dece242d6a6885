//! Identifiers. Each is parsed once, at the edge, into a type that can hold nothing else.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an identifier. Never contains the text: it may be a personal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("{kind} must be {rule}")]
    Malformed { kind: &'static str, rule: &'static str },
}

const NAME_RULE: &str = "1 to 64 characters of a-z, 0-9, '-' and '_', beginning with a letter";

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    matches!(bytes.next(), Some(b'a'..=b'z'))
        && text.len() <= 64
        && bytes.all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

macro_rules! name_id {
    ($(#[$doc:meta])* $type:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_name(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::Malformed { kind: $kind, rule: NAME_RULE })
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(id: $type) -> String {
                id.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_id!(
    /// A tenant: the wall that keys, registers, events and budgets stand behind.
    TenantId, "tenant"
);
/// The pseudo-tenant to which the installation's own keys and events belong: its roots, its start. No caller belongs to
/// it, and every tenant's auditor sees its events.
pub const SYSTEM: &str = "system";

impl TenantId {
    /// The installation's own.
    pub fn system() -> Self {
        Self(SYSTEM.to_owned())
    }

    /// Whether it is the installation's own and so no caller's.
    pub fn is_system(&self) -> bool {
        self.0 == SYSTEM
    }
}

name_id!(
    /// A register, as its definition names it (`individual`, `household`).
    RegisterName, "register"
);
name_id!(
    /// A field of a register definition.
    FieldName, "field"
);
name_id!(
    /// A key, all its versions together. Letters, digits, '-' and '_', so that it fits a URL and a `kid`.
    KeyId, "key id"
);

/// A record: a UUID that the client chooses (version 7, so that neighbours in time are neighbours in the index).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordId(Uuid);

impl RecordId {
    /// A version 7 UUID of this moment and these 10 random bytes (RFC 9562, section 5.7).
    pub fn new(now: crate::Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
        let mut bytes = [0u8; 16];
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random);
        bytes[6] = (bytes[6] & 0x0f) | 0x70;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(Uuid::from_bytes(bytes))
    }

    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl FromStr for RecordId {
    type Err = IdError;

    /// Only the lower-case hyphenated form, so that one record has one spelling.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let malformed = IdError::Malformed { kind: "record id", rule: "a UUID in lower-case hyphenated form" };
        let id = Uuid::try_parse(text).map_err(|_| malformed)?;
        if id.hyphenated().to_string() == text { Ok(Self(id)) } else { Err(malformed) }
    }
}

impl TryFrom<String> for RecordId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> String {
        id.to_string()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The random name under which the log knows a person. It is kept beside the subject key only and destroyed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubjectHandle([u8; 16]);

impl SubjectHandle {
    pub fn from_bytes(random: [u8; 16]) -> Self {
        Self(random)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SubjectHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<SubjectHandle> for String {
    fn from(handle: SubjectHandle) -> String {
        handle.to_string()
    }
}

impl TryFrom<String> for SubjectHandle {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        let malformed = IdError::Malformed { kind: "subject handle", rule: "32 hexadecimal digits" };
        let number = u128::from_str_radix(&text, 16).map_err(|_| malformed)?;
        if text.len() == 32 { Ok(Self(number.to_be_bytes())) } else { Err(malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_only_names() {
        assert!("individual".parse::<RegisterName>().is_ok());
        for bad in ["", "Individual", "1x", "a b", "a/b", &"a".repeat(65)] {
            assert!(bad.parse::<RegisterName>().is_err(), "accepted a bad name");
        }
    }

    #[test]
    fn the_installations_own_tenant_has_a_name_like_others() {
        assert_eq!(SYSTEM.parse(), Ok(TenantId::system()));
        assert!(TenantId::system().is_system() && !"demo".parse::<TenantId>().unwrap().is_system());
    }

    #[test]
    fn a_record_has_one_spelling() {
        let id = RecordId::new(crate::Timestamp::from_micros(1_700_000_000_000_000), [0xff; 10]);
        assert_eq!(id.to_string().parse::<RecordId>(), Ok(id));
        assert!(id.to_string().to_uppercase().parse::<RecordId>().is_err());
        assert_eq!(&id.to_string()[14..15], "7");
    }

    #[test]
    fn a_handle_survives_its_text() {
        let handle = SubjectHandle::from_bytes([7; 16]);
        assert_eq!(SubjectHandle::try_from(handle.to_string()), Ok(handle));
    }
}
