//! Section `mosip`: the MOSIP dialect, and the file with which an installation of it begins.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use km_domain::TenantId;
use km_operations::mosip::{KeyName, MosipRules, Plan, PolicyPlan};
use km_service::{Validate, config::resolve};
use serde::Deserialize;

use crate::mosip::endpoint::Endpoint;

/// Section `mosip`. Without it the dialect is not served.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MosipConfig {
    /// The tenant whose keys the dialect serves; it has none of its own.
    pub tenant: TenantId,
    /// File with the policies and keys that are made at start where they are missing.
    pub bootstrap: Option<PathBuf>,
    /// Whose tokens are accepted besides those for the issuers' audience: named in `aud`, or as `azp`.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Switch: a second listener of the dialect without TLS, at this address.
    pub plain_http: Option<SocketAddr>,
    /// Switch: who a caller without a token is.
    pub anonymous_principal: Option<AnonymousConfig>,
    /// Switch: a caller who names no application signs and verifies with KERNEL and SIGN, as in MOSIP.
    #[serde(default)]
    pub blank_application_is_kernel_sign: bool,
    /// Role lists in place of the dialect's own, by the end of their property (`postencrypt`).
    #[serde(default)]
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// Bytes of a request body.
    #[serde(default = "max_body")]
    pub max_body: usize,
    /// Bodies of more than 1 MiB that may be in work at a time.
    #[serde(default = "large_bodies")]
    pub large_bodies: usize,
    /// Milliseconds that a further one waits for its turn.
    #[serde(default = "large_body_wait_ms")]
    pub large_body_wait_ms: u64,
    /// Stands before the key's id in `kid` of a signature.
    #[serde(default)]
    pub kid_prefix: String,
    /// Whether a signature names its key by `kid`.
    #[serde(default = "yes")]
    pub with_kid: bool,
    /// Whether jwtSign signs JSON only.
    #[serde(default)]
    pub only_json: bool,
    /// How many days before a key stops being current its successor is made; 0: when it is needed.
    #[serde(default = "rotate_ahead_days")]
    pub rotate_ahead_days: u32,
    /// Names in the subjects of certificates that nobody gave.
    #[serde(default)]
    pub names: NamesConfig,
}

/// Who a caller without a token is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnonymousConfig {
    /// The user's name, in policies and in the log.
    pub name: String,
    pub roles: BTreeSet<String>,
    /// The application ids that may be used without a token.
    pub applications: Vec<String>,
}

/// Names in the subjects of certificates.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NamesConfig {
    pub common_name: String,
    pub organizational_unit: String,
    pub organization: String,
    pub locality: String,
    pub state: String,
    pub country: String,
}

impl Default for NamesConfig {
    fn default() -> Self {
        Self {
            common_name: "Sealkeep".to_owned(),
            organizational_unit: String::new(),
            organization: "Sealkeep".to_owned(),
            locality: String::new(),
            state: String::new(),
            country: String::new(),
        }
    }
}

const fn max_body() -> usize {
    80 * 1024 * 1024
}

const fn large_bodies() -> usize {
    4
}

const fn large_body_wait_ms() -> u64 {
    5000
}

const fn yes() -> bool {
    true
}

const fn rotate_ahead_days() -> u32 {
    7
}

impl Validate for MosipConfig {
    fn faults(&self) -> Vec<String> {
        let is_suffix = |suffix: &String| Endpoint::ALL.iter().any(|endpoint| endpoint.suffix() == suffix);
        let unknown = self.roles.keys().filter(|suffix| !is_suffix(suffix));
        let mut faults: Vec<String> =
            unknown.map(|suffix| format!("mosip.roles.{suffix} is no endpoint's property")).collect();
        let is_name = |name: &str| {
            !name.is_empty() && name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
        };
        let anonymous = self.anonymous_principal.as_ref();
        let names = &self.names;
        let rules = [
            (!self.tenant.is_system(), "mosip.tenant must not be the installation's own"),
            (self.max_body >= 1024, "mosip.max_body must be at least 1024"),
            ((1..=64).contains(&self.large_bodies), "mosip.large_bodies must be 1 to 64"),
            ((1..=60_000).contains(&self.large_body_wait_ms), "mosip.large_body_wait_ms must be 1 to 60000"),
            (self.rotate_ahead_days <= 365, "mosip.rotate_ahead_days must be at most 365"),
            (
                anonymous.is_none_or(|anonymous| is_name(&anonymous.name)),
                "mosip.anonymous_principal.name must be a name of visible ASCII characters without commas",
            ),
            (
                anonymous.is_none_or(|anonymous| !anonymous.roles.is_empty() && !anonymous.applications.is_empty()),
                "mosip.anonymous_principal must have roles and applications",
            ),
            (!names.common_name.is_empty(), "mosip.names.common_name must not be empty"),
            (
                names.country.is_empty() || (names.country.len() == 2 && names.country.is_ascii()),
                "mosip.names.country must have two letters",
            ),
        ];
        faults.extend(rules.iter().filter(|(holds, _)| !holds).map(|(_, fault)| (*fault).to_owned()));
        faults
    }
}

impl MosipConfig {
    /// Makes relative paths relative to the file.
    pub fn resolved(mut self, file: &Path) -> Self {
        self.bootstrap = self.bootstrap.map(|path| resolve(file, &path));
        self
    }

    /// Names of the switches that are on.
    pub fn switches(&self) -> Vec<String> {
        [
            (self.anonymous_principal.is_some(), "mosip.anonymous_principal"),
            (self.blank_application_is_kernel_sign, "mosip.blank_application_is_kernel_sign"),
            (self.plain_http.is_some(), "mosip.plain_http"),
        ]
        .into_iter()
        .filter(|(is_on, _)| *is_on)
        .map(|(_, name)| name.to_owned())
        .collect()
    }

    /// What operations go by.
    pub fn rules(&self) -> MosipRules {
        let anonymous = self.anonymous_principal.as_ref();
        MosipRules {
            tenant: self.tenant.clone(),
            names: km_operations::mosip::Names {
                common_name: self.names.common_name.clone(),
                organizational_unit: self.names.organizational_unit.clone(),
                organization: self.names.organization.clone(),
                locality: self.names.locality.clone(),
                state: self.names.state.clone(),
                country: self.names.country.clone(),
            },
            kid_prefix: self.kid_prefix.clone(),
            with_kid: self.with_kid,
            only_json: self.only_json,
            blank_application_is_kernel_sign: self.blank_application_is_kernel_sign,
            anonymous_applications: anonymous.map(|anonymous| anonymous.applications.clone()).unwrap_or_default(),
            rotate_ahead_days: self.rotate_ahead_days,
        }
    }
}

/// The bootstrap file, in the dialect's own terms.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    /// Master keys besides ROOT, which comes first: `APP` or `APP:REF`.
    #[serde(default)]
    app_ids: Vec<String>,
    /// Base keys: `APP:REF`.
    #[serde(default)]
    base_keys: Vec<String>,
    #[serde(default)]
    policies: Vec<BootstrapPolicy>,
}

/// One policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapPolicy {
    app_id: String,
    /// Life of a new key in days.
    key_validity_duration: u32,
    /// How many days before its end a key is no longer current.
    pre_expire_days: u32,
    #[serde(default = "yes")]
    is_active: bool,
    /// User names with commas between; NA: everybody; empty: nobody.
    #[serde(default = "everybody")]
    access_allowed: String,
}

fn everybody() -> String {
    "NA".to_owned()
}

/// More days than a calendar of certificates has room for.
const LONGEST: u32 = 36_500;

impl Validate for Bootstrap {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (at, text) in self.app_ids.iter().enumerate() {
            if name(text).is_none_or(|name| !name.is_master()) {
                faults.push(format!("app_ids[{at}] must be a master key's APP or APP:REF"));
            }
        }
        for (at, text) in self.base_keys.iter().enumerate() {
            if name(text).is_none_or(|name| name.is_master()) {
                faults.push(format!("base_keys[{at}] must be a base key's APP:REF"));
            }
        }
        for (at, policy) in self.policies.iter().enumerate() {
            let BootstrapPolicy { app_id, key_validity_duration, pre_expire_days, .. } = policy;
            let is_named = name(app_id).is_some_and(|name| name.reference.is_empty());
            if !is_named || self.policies.iter().take(at).any(|other| other.app_id == *app_id) {
                faults.push(format!("policies[{at}].app_id must be a name, once"));
            }
            if !(1..=LONGEST).contains(key_validity_duration) || pre_expire_days >= key_validity_duration {
                faults.push(format!(
                    "policies[{at}].key_validity_duration must be 1 to {LONGEST} days and longer than pre_expire_days"
                ));
            }
        }
        faults
    }
}

impl Bootstrap {
    /// What there shall be.
    pub fn plan(&self) -> Plan {
        let names = |texts: &[String]| texts.iter().filter_map(|text| name(text)).collect();
        let policies = self.policies.iter().map(|policy| PolicyPlan {
            application: policy.app_id.clone(),
            valid_days: policy.key_validity_duration,
            early_days: policy.pre_expire_days,
            is_active: policy.is_active,
            access: policy.access_allowed.clone(),
        });
        Plan { policies: policies.collect(), masters: names(&self.app_ids), base_keys: names(&self.base_keys) }
    }
}

/// `APP` or `APP:REF`.
fn name(text: &str) -> Option<KeyName> {
    let (application, reference) = text.split_once(':').unwrap_or((text, ""));
    let name = KeyName::new(application, reference).ok()?;
    (!application.trim().is_empty()).then_some(name)
}
