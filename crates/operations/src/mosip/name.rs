//! The two ids that name a key.

use km_crypto::digest::sha256_parts;
use km_domain::{KeyAlgorithm, KeyId};

use super::Fault;

/// An application id and a reference id; the reference of a master key is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName {
    pub application: String,
    pub reference: String,
}

/// The application that holds the dialect's root.
pub(super) const ROOT: &str = "ROOT";
/// The policy row from which base keys take their times.
pub(super) const BASE: &str = "BASE";
/// The application and reference that sign for a caller who names none.
const KERNEL: &str = "KERNEL";
const SIGN: &str = "SIGN";
const IDENTITY_CACHE: &str = "IDENTITY_CACHE";
/// The reference of a signing key on P-256.
const EC_P256: &str = "EC_SECP256R1_SIGN";
const EC_K256: &str = "EC_SECP256K1_SIGN";
/// Life of a symmetric key in days.
pub(super) const SYMMETRIC_DAYS: u32 = 3650;
/// The reference of an Ed25519 signing key.
const ED25519: &str = "ED25519_SIGN";

/// The lengths of MOSIP's own columns, in characters.
const LONGEST_APPLICATION: usize = 36;
const LONGEST_REFERENCE: usize = 128;

impl KeyName {
    /// Both ids, trimmed of nothing: they are compared as they stand.
    ///
    /// Errors: longer than 36 and 128 characters, or with control characters.
    pub fn new(application: &str, reference: &str) -> Result<Self, Fault> {
        let is_good = |text: &str, most| text.chars().count() <= most && !text.chars().any(char::is_control);
        if !is_good(application, LONGEST_APPLICATION) {
            return Err(Fault::Malformed { field: "applicationId", rule: "must be at most 36 printable characters" });
        }
        if !is_good(reference, LONGEST_REFERENCE) {
            return Err(Fault::Malformed { field: "referenceId", rule: "must be at most 128 printable characters" });
        }
        // A reference of blanks is none.
        let reference = if reference.trim().is_empty() { "" } else { reference };
        Ok(Self { application: application.to_owned(), reference: reference.to_owned() })
    }

    /// The key that issues master keys' certificates.
    pub fn root() -> Self {
        Self { application: ROOT.to_owned(), reference: String::new() }
    }

    /// The key that signs for a caller who names no application, where the switch for that is on.
    pub fn kernel_sign() -> Self {
        Self { application: KERNEL.to_owned(), reference: SIGN.to_owned() }
    }

    /// The master key of the same application.
    pub fn master(&self) -> Self {
        Self { application: self.application.clone(), reference: String::new() }
    }

    pub fn is_root(&self) -> bool {
        self.application == ROOT && self.reference.is_empty()
    }

    /// `KERNEL` and `SIGN`.
    pub fn is_kernel_sign(&self) -> bool {
        self.application == KERNEL && self.reference == SIGN
    }

    /// A signing key on a curve.
    pub fn is_curve_sign(&self) -> bool {
        [EC_P256, EC_K256, ED25519].contains(&self.reference.as_str())
    }

    /// A key that is made by an order of its own and signs; every other is a base key, made when it is first needed.
    pub fn is_master(&self) -> bool {
        self.reference.is_empty() || self.is_kernel_sign() || self.is_curve_sign()
    }

    /// Callers never encrypt to these; MOSIP compares them whatever their case.
    pub fn never_encrypts(&self) -> bool {
        let reserved = [SIGN, IDENTITY_CACHE].iter().any(|name| self.reference.eq_ignore_ascii_case(name));
        self.reference.is_empty() || (self.application.eq_ignore_ascii_case(KERNEL) && reserved) || self.is_curve_sign()
    }

    /// The symmetric key under which random keys are wrapped.
    pub fn identity_cache() -> Self {
        Self { application: KERNEL.to_owned(), reference: IDENTITY_CACHE.to_owned() }
    }

    /// The key to which another installation encrypts its random keys on their way here.
    pub fn zk_transfer() -> Self {
        Self { application: "KEY_MIGRATE".to_owned(), reference: "ZK_TEMP_KEY".to_owned() }
    }

    pub(super) fn is_zk_transfer(&self) -> bool {
        *self == Self::zk_transfer()
    }

    /// `KERNEL` and `IDENTITY_CACHE`.
    pub(super) fn is_identity_cache(&self) -> bool {
        self.application == KERNEL && self.reference == IDENTITY_CACHE
    }

    /// The kind of key pair that a key of this name is.
    pub(super) fn algorithm(&self) -> KeyAlgorithm {
        match self.reference.as_str() {
            EC_P256 => KeyAlgorithm::P256,
            ED25519 => KeyAlgorithm::Ed25519,
            EC_K256 => KeyAlgorithm::Secp256k1,
            _ => KeyAlgorithm::Rsa2048,
        }
    }

    /// Whether the application's own policy says how early the key stops being current; base keys have a common one.
    pub(super) fn has_own_early_days(&self) -> bool {
        let kernel_own = self.application == KERNEL && [SIGN, IDENTITY_CACHE].contains(&self.reference.as_str());
        self.reference.is_empty() || kernel_own
    }

    /// Why no base key of this name may be made, if so.
    pub fn forbidden_base(&self) -> Option<&'static str> {
        match self.application.as_str() {
            ROOT => Some("Root Key"),
            KERNEL => Some("Kernel App Id"),
            "PARTNER" => Some("Partner App Id"),
            _ => None,
        }
    }

    /// The key of ours that holds the private keys of all versions: a digest, because the ids hold what a key id cannot.
    pub(super) fn key_id(&self) -> Result<KeyId, Fault> {
        let length = (self.application.len() as u64).to_be_bytes();
        let digest = sha256_parts(&[&length, self.application.as_bytes(), self.reference.as_bytes()]);
        let short = km_audit::digest::hex(digest.get(..16).unwrap_or(&digest));
        format!("mosip-{short}")
            .parse()
            .map_err(|_| Fault::Malformed { field: "applicationId", rule: "must be a name" })
    }

    /// `APP` or `APP-REF`.
    pub fn joined(&self) -> String {
        match self.reference.as_str() {
            "" => self.application.clone(),
            reference => format!("{}-{reference}", self.application),
        }
    }
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.application, self.reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(application: &str, reference: &str) -> KeyName {
        KeyName::new(application, reference).unwrap()
    }

    #[test]
    fn masters_and_base_keys_are_told_apart() {
        for master in [name("ROOT", ""), name("OPENG2P", " "), name("KERNEL", "SIGN"), name("A", "EC_SECP256R1_SIGN")] {
            assert!(master.is_master() && master.never_encrypts(), "{master}");
        }
        for base in [name("OPENG2P", "ENCRYPT"), name("OPENG2P", "SIGN"), name("kernel", "X")] {
            assert!(!base.is_master() && !base.never_encrypts(), "{base}");
        }
        assert!(name("kernel", "identity_cache").never_encrypts());
    }

    #[test]
    fn no_two_names_share_a_key() {
        let ids =
            [name("A", "BC"), name("AB", "C"), name("ABC", ""), name("A", "bc")].map(|name| name.key_id().unwrap());
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), 4);
    }

    #[test]
    fn names_that_no_column_or_log_holds_are_refused() {
        assert!(KeyName::new(&"a".repeat(37), "").is_err() && KeyName::new(&"é".repeat(36), "").is_ok());
        assert!(KeyName::new("A", &"r".repeat(129)).is_err() && KeyName::new("A\n", "").is_err());
    }
}
