//! What configuration decides for the dialect.

use km_ca::mosip::Names;
use km_domain::TenantId;

use super::KeyName;
use crate::Caller;

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
}

impl MosipRules {
    /// Whether this caller may name this application at all.
    pub fn admit(&self, caller: &Caller, name: &KeyName) -> bool {
        caller.tenant() == &self.tenant
            && (caller.principal.issuer != ANONYMOUS || self.anonymous_applications.contains(&name.application))
    }
}
