//! What configuration decides for the dialect.

use std::num::NonZeroU32;

use km_ca::mosip::Names;
use km_crypto::argon2::Cost;
use km_domain::TenantId;

use super::{KeyName, TrustRules};
use crate::{Caller, Keys};

/// The issuer of the fixed caller that stands for everybody without a token; no real issuer has this name.
pub const ANONYMOUS: &str = "anonymous";

/// The rules of the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MosipRules {
    /// The one tenant whose keys the dialect serves: it has none of its own.
    pub tenant: TenantId,
    /// Parts of subjects that nobody gave.
    pub names: Names,
    /// Stands before `kid` in a signature.
    pub kid_prefix: String,
    /// Whether a signature names its key.
    pub with_kid: bool,
    /// Whether only JSON is signed by `jwtSign`.
    pub only_json: bool,
    /// A switch: a caller who names no application signs and verifies with `KERNEL` and `SIGN`.
    pub blank_application_is_kernel_sign: bool,
    /// The applications that a caller without a token may use.
    pub anonymous_applications: Vec<String>,
    /// How many days before a key stops being current its successor is made.
    pub rotate_ahead_days: u32,
    /// Iterations by which a key comes from a PIN; whoever decrypts must know them.
    pub pin_iterations: NonZeroU32,
    pub argon2: Cost,
    pub cwt: CwtRules,
    /// To whose current certificates `zkEncrypt` encrypts the random key.
    pub zk_recipients: Vec<KeyName>,
    /// The application whose keys sign for and decrypt from registration clients.
    pub client_crypto_application: String,
    /// What license keys may permit.
    pub license_permissions: Vec<String>,
    /// What partners go by.
    pub trust: TrustRules,
}

/// What a CBOR Web Token says where its caller does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CwtRules {
    /// Empty: nothing.
    pub issuer: String,
    /// From the signature on.
    pub begin_days: u32,
    /// From its beginning on.
    pub expire_days: u32,
}

impl MosipRules {
    /// Whether this caller may use the keys of this application: it has an active policy, which lists the caller.
    pub fn admit_user(&self, keys: &Keys, caller: &Caller, name: &KeyName) -> bool {
        let policy = keys.mosip.policy(caller.tenant(), &name.application);
        policy.is_some_and(|policy| policy.admits(&caller.principal)) && self.admit(caller, name)
    }

    /// Whether this caller may name this application at all.
    pub fn admit(&self, caller: &Caller, name: &KeyName) -> bool {
        // The transfer key is reached by the calls that it is made for, and by no other.
        !name.is_zk_transfer() && self.admit_to_calls(caller, name)
    }

    /// The same for any name, for calls that serve one key only.
    pub(super) fn admit_to_calls(&self, caller: &Caller, name: &KeyName) -> bool {
        caller.tenant() == &self.tenant
            && (caller.principal.issuer != ANONYMOUS || self.anonymous_applications.contains(&name.application))
    }
}
