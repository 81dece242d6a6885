//! The closed list of event types. A name, once written to a log, keeps its meaning for ever: types are added, never
//! changed, and [`LIST_VERSION`] counts the additions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Version of this list; every event carries the version that it was written with.
pub const LIST_VERSION: u32 = 2;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum EventKind {
            $($(#[$doc])* $variant,)*
        }

        impl EventKind {
            pub const ALL: &'static [EventKind] = &[$(Self::$variant,)*];

            /// The name in the log.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

kinds! {
    ServiceStart = "service.start",
    ServiceStop = "service.stop",
    TenantCreated = "tenant.created",
    /// A one-time token for the first enrolment of a service was made.
    ServiceInvited = "service.invited",

    KeyCreateIntent = "key.create.intent",
    KeyCreateOutcome = "key.create.outcome",
    KeyRotateIntent = "key.rotate.intent",
    KeyRotateOutcome = "key.rotate.outcome",
    KeyDestroyIntent = "key.destroy.intent",
    KeyDestroyOutcome = "key.destroy.outcome",
    KeyImportIntent = "key.import.intent",
    KeyImportOutcome = "key.import.outcome",

    Encrypt = "crypto.encrypt",
    Decrypt = "crypto.decrypt",
    Rewrap = "crypto.rewrap",
    Sign = "crypto.sign",
    Verify = "crypto.verify",
    Mac = "crypto.mac",
    DataKey = "crypto.datakey",
    DataKeyUnwrap = "crypto.datakey_unwrap",
    Random = "crypto.random",

    RecordSealed = "record.sealed",
    /// A seal that the registry never stored was taken back.
    RecordSealWithdrawn = "record.seal_withdrawn",
    /// The registry stored a seal.
    RecordSealConfirmed = "record.seal_confirmed",
    RecordOpened = "record.opened",
    /// Index terms of a search value were given.
    RecordFound = "record.found",
    RecordEraseIntent = "record.erase.intent",
    RecordEraseOutcome = "record.erase.outcome",
    RecordTermsRecomputed = "record.terms_recomputed",
    /// A step of moving subject keys to a new key-encryption key.
    RewrapProgress = "rewrap.progress",

    EnrolmentRequested = "enrolment.requested",
    EnrolmentApproved = "enrolment.approved",
    CertificateIssueIntent = "certificate.issue.intent",
    CertificateIssued = "certificate.issued",
    CertificateRenewed = "certificate.renewed",
    CertificateRevoked = "certificate.revoked",

    ExportIntent = "export.intent",
    ExportOutcome = "export.outcome",
    LogRead = "log.read",
    AccessRefused = "access.refused",
    /// An edited row, an altered sealed value, an old version put back.
    IntegrityAlert = "integrity.alert",

    RegistryList = "registry.list",
    RegistryRefused = "registry.refused",
    RegistryDefinition = "registry.definition",
    RegistryRestored = "registry.restored",
    BackupMade = "backup.made",
    BackupRestored = "backup.restored",

    // Version 2: the MOSIP dialect.
    /// A policy of an application was set.
    PolicySet = "policy.set",
    /// Certificates of keys were read by a caller.
    CertificateRead = "certificate.read",
    /// A request for a certificate was signed by the key that it is for.
    CertificateRequested = "certificate.requested",
    /// A certificate that another issued was put to a key, or another's certificate was stored.
    CertificateInstalled = "certificate.installed",
    /// A key was taken out of use before its time: it decrypts and verifies only.
    KeyDeactivated = "key.deactivated",
}

impl EventKind {
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The event that closes this one, if this one is an intent. At start, intents without it are reconciled.
    pub const fn closed_by(self) -> Option<EventKind> {
        match self {
            Self::KeyCreateIntent => Some(Self::KeyCreateOutcome),
            Self::KeyRotateIntent => Some(Self::KeyRotateOutcome),
            Self::KeyDestroyIntent => Some(Self::KeyDestroyOutcome),
            Self::KeyImportIntent => Some(Self::KeyImportOutcome),
            Self::RecordEraseIntent => Some(Self::RecordEraseOutcome),
            Self::CertificateIssueIntent => Some(Self::CertificateIssued),
            Self::ExportIntent => Some(Self::ExportOutcome),
            _ => None,
        }
    }

    /// Whether `registry-svc` may append this event over its RPC. All else is what the key manager itself did.
    pub const fn registry_may_write(self) -> bool {
        matches!(
            self,
            Self::ServiceStart
                | Self::ServiceStop
                | Self::RegistryList
                | Self::RegistryRefused
                | Self::RegistryDefinition
                | Self::RegistryRestored
                | Self::BackupMade
        )
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<EventKind> for String {
    fn from(kind: EventKind) -> String {
        kind.name().to_owned()
    }
}

impl TryFrom<String> for EventKind {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::from_name(&name).ok_or("kind must be one of the listed event types")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_its_own_and_survives() {
        let names: std::collections::BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), EventKind::ALL.len());
        assert!(EventKind::ALL.iter().all(|kind| EventKind::from_name(kind.name()) == Some(*kind)));
    }

    #[test]
    fn every_intent_has_its_outcome() {
        for kind in EventKind::ALL {
            assert_eq!(kind.closed_by().is_some(), kind.name().ends_with(".intent"), "{kind}");
        }
    }
}
