//! Nouns and pure state machines of Sealkeep: identifiers, time, keys and their life cycle, secret types and
//! register definitions. No input or output, no cryptography.

pub mod clock;
pub mod id;
pub mod key;
pub mod lifecycle;
pub mod principal;
pub mod register;
pub mod secret;

pub use clock::{Clock, FixedClock, SystemClock, Timestamp};
pub use id::{FieldName, IdError, KeyId, RecordId, RegisterName, SYSTEM, SubjectHandle, TenantId};
pub use key::{KeyAlgorithm, KeyPurpose, KeyVersionRef, SignatureAlgorithm};
pub use lifecycle::KeyState;
pub use principal::{Principal, Role, ServiceIdentity, ServiceKind};
pub use secret::{SecretBytes, SecretText};
