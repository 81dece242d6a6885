//! License keys of providers and what they permit (reference, section 1.10). A license key is a secret that whoever has it may show,
//! so only its digest is kept; and in difference to MOSIP, nobody is served without a token.

mod generate;
mod permissions;

pub use generate::{NewLicense, generate_license};
pub use permissions::{LicenseKey, license_permissions, permit_license};

use km_audit::Event;
use km_crypto::digest::sha256;
use km_domain::SecretText;
use km_storage::MosipLicenseRow;

use super::{Fault, KeyName, renew::rules};
use crate::{
    Caller, Keys, OperationError, Operations,
    keyring::is_intact,
    keys::{altered, names},
};

/// Why a license key is not made, or not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LicenseFault {
    NoProvider,
    NoKey,
    /// It would end before now.
    Past,
    /// Configuration does not have the permission.
    Unknown,
    Empty,
    /// There is no such key, or it is another provider's; which is not said.
    NotFound,
    Expired,
    NothingPermitted,
}

impl LicenseFault {
    /// The reason in the event.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoProvider | Self::NoKey | Self::Empty => "invalid-request",
            Self::Past => "mosip-license-past",
            Self::Unknown => "mosip-license-permission-unknown",
            Self::NotFound => "mosip-license-not-found",
            Self::Expired => "mosip-license-expired",
            Self::NothingPermitted => "mosip-license-nothing-permitted",
        }
    }
}

impl From<LicenseFault> for OperationError {
    fn from(fault: LicenseFault) -> Self {
        Self::Mosip(Fault::License(fault))
    }
}

/// A provider's name is kept and logged.
const LONGEST_PROVIDER: usize = 36;

/// Whether the caller may call at all, and the provider's name.
fn provider<'a>(operations: &Operations, caller: &Caller, name: &'a str) -> Result<&'a str, OperationError> {
    // No application holds license keys; a caller without a token must be open to the installation's own.
    if !rules(operations)?.admit(caller, &KeyName::kernel_sign()) {
        return Err(km_policy::Denied::Role.into());
    }
    let name = name.trim();
    if name.is_empty() {
        return Err(LicenseFault::NoProvider.into());
    }
    if name.len() > LONGEST_PROVIDER || !name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err(OperationError::invalid("tspId", "must be at most 36 visible ASCII characters"));
    }
    Ok(name)
}

/// The row of a provider's license key that is in its time.
fn found(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    provider: &str,
    license: &SecretText,
) -> Result<MosipLicenseRow, OperationError> {
    let license = license.expose().trim();
    if license.is_empty() {
        return Err(LicenseFault::NoKey.into());
    }
    let row = operations.storage.mosip_license(caller.tenant().as_str(), &digest(license))?;
    let row = row.filter(|row| row.provider == provider).ok_or(LicenseFault::NotFound)?;
    let integrity = &keys.system(names::ROW_INTEGRITY)?.current()?.stored;
    if !is_intact(&*operations.keys, integrity, &row.covered(), &row.integrity)? {
        return Err(altered(&format!("{}/license {}", row.tenant, short(&row.digest))));
    }
    if row.expires <= operations.clock.now().micros() {
        return Err(LicenseFault::Expired.into());
    }
    Ok(row)
}

fn digest(license: &str) -> String {
    km_audit::digest::hex(&sha256(license.as_bytes()))
}

/// As much of a digest as names a license key in the log, and not enough to find the key by trying.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// Writes into an event which license key it is about.
fn about(event: &mut Event, row: &MosipLicenseRow) {
    event.object = Some(format!("license {} of {}", short(&row.digest), row.provider));
}
