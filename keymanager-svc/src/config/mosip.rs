//! Section `mosip`: the MOSIP dialect, and the file with which an installation of it begins.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use km_domain::TenantId;
use km_operations::mosip::{Cost, CwtRules, KeyName, MosipRules, Plan, PolicyPlan};
use km_service::{Validate, config::resolve};
use serde::Deserialize;

use super::trust::TrustConfig;
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
    /// Iterations by which a key comes from a PIN; as the installation had them whose data is to be decrypted.
    #[serde(default = "pin_iterations")]
    pub pin_iterations: u32,
    #[serde(default)]
    pub argon2: Argon2Config,
    #[serde(default)]
    pub cwt: CwtConfig,
    /// To whose certificates zkEncrypt encrypts the random key: `APP:REF`.
    #[serde(default = "zk_recipients")]
    pub zk_recipients: Vec<String>,
    /// The application whose keys sign for and decrypt from registration clients.
    #[serde(default = "client_crypto_application")]
    pub client_crypto_application: String,
    /// What license keys may permit.
    #[serde(default)]
    pub license_permissions: Vec<String>,
    /// Names in the subjects of certificates that nobody gave.
    #[serde(default)]
    pub names: NamesConfig,
    /// Partners, their authorities, revoked certificates.
    #[serde(default)]
    pub trust: TrustConfig,
    /// By what token ids are made; none are where it is left out.
    pub token_ids: Option<TokenIdsConfig>,
}

/// By what token ids are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenIdsConfig {
    /// Files with the texts that are mixed into them.
    pub uin_salt_file: PathBuf,
    pub partner_code_salt_file: PathBuf,
    /// Digits of a token id.
    #[serde(default = "token_id_length")]
    pub length: usize,
}

const fn token_id_length() -> usize {
    36
}

/// What a hash of `generateArgon2Hash` costs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Argon2Config {
    pub iterations: u32,
    pub memory_kib: u32,
    pub parallelism: u32,
}

impl Default for Argon2Config {
    fn default() -> Self {
        Self { iterations: 10, memory_kib: 64 * 1024, parallelism: 2 }
    }
}

/// What a CBOR Web Token says where its caller does not.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CwtConfig {
    pub issuer: String,
    pub begin_days: u32,
    pub expire_days: u32,
}

impl Default for CwtConfig {
    fn default() -> Self {
        Self { issuer: String::new(), begin_days: 0, expire_days: 180 }
    }
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

fn zk_recipients() -> Vec<String> {
    vec!["IDA:PUBLIC_KEY".to_owned()]
}

fn client_crypto_application() -> String {
    "RESIDENT".to_owned()
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

const fn pin_iterations() -> u32 {
    100_000
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
        let (names, argon2, cwt) = (&self.names, &self.argon2, &self.cwt);
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
            ((1..=10_000_000).contains(&self.pin_iterations), "mosip.pin_iterations must be 1 to 10000000"),
            (
                self.zk_recipients.len() <= 16
                    && self.zk_recipients.iter().all(|text| name(text).is_some_and(|name| !name.is_master())),
                "mosip.zk_recipients must be at most 16 keys, each APP:REF",
            ),
            (
                name(&self.client_crypto_application).is_some_and(|name| name.reference.is_empty()),
                "mosip.client_crypto_application must be an application id",
            ),
            (
                self.license_permissions.iter().all(|text| !text.trim().is_empty() && !text.contains(',')),
                "mosip.license_permissions must be names without commas",
            ),
            ((1..=1000).contains(&argon2.iterations), "mosip.argon2.iterations must be 1 to 1000"),
            ((1..=64).contains(&argon2.parallelism), "mosip.argon2.parallelism must be 1 to 64"),
            ((1024..=1024 * 1024).contains(&argon2.memory_kib), "mosip.argon2.memory_kib must be 1024 to 1048576"),
            (cwt.begin_days <= 36_500, "mosip.cwt.begin_days must be at most 36500"),
            ((1..=36_500).contains(&cwt.expire_days), "mosip.cwt.expire_days must be 1 to 36500"),
            (
                self.token_ids.as_ref().is_none_or(|ids| (1..=128).contains(&ids.length)),
                "mosip.token_ids.length must be 1 to 128",
            ),
            (!names.common_name.is_empty(), "mosip.names.common_name must not be empty"),
            (
                names.country.is_empty() || (names.country.len() == 2 && names.country.is_ascii()),
                "mosip.names.country must have two letters",
            ),
        ];
        faults.extend(rules.iter().filter(|(holds, _)| !holds).map(|(_, fault)| (*fault).to_owned()));
        faults.extend(self.trust.faults());
        faults
    }
}

impl MosipConfig {
    /// Makes relative paths relative to the file.
    pub fn resolved(mut self, file: &Path) -> Self {
        self.bootstrap = self.bootstrap.map(|path| resolve(file, &path));
        if let Some(ids) = &mut self.token_ids {
            ids.uin_salt_file = resolve(file, &ids.uin_salt_file);
            ids.partner_code_salt_file = resolve(file, &ids.partner_code_salt_file);
        }
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
            pin_iterations: NonZeroU32::new(self.pin_iterations).unwrap_or(NonZeroU32::MIN),
            argon2: Cost {
                iterations: self.argon2.iterations,
                memory_kib: self.argon2.memory_kib,
                parallelism: self.argon2.parallelism,
            },
            cwt: CwtRules {
                issuer: self.cwt.issuer.clone(),
                begin_days: self.cwt.begin_days,
                expire_days: self.cwt.expire_days,
            },
            zk_recipients: self.zk_recipients.iter().filter_map(|text| name(text)).collect(),
            client_crypto_application: self.client_crypto_application.clone(),
            license_permissions: self.license_permissions.clone(),
            trust: self.trust.rules(),
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
    /// Random keys of zkEncrypt.
    #[serde(default)]
    zk_random_keys: u32,
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
/// Ten times as many as MOSIP makes.
const MOST_RANDOM_KEYS: u32 = 100_000;

impl Validate for Bootstrap {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (at, text) in self.app_ids.iter().enumerate() {
            if name(text).is_none_or(|name| !name.is_master()) {
                faults.push(format!("app_ids[{at}] must be a master key's APP or APP:REF"));
            }
        }
        for (at, text) in self.base_keys.iter().enumerate() {
            match name(text).filter(|name| !name.is_master()) {
                None => faults.push(format!("base_keys[{at}] must be a base key's APP:REF")),
                Some(name) if name.forbidden_base().is_some() => {
                    faults.push(format!(
                        "base_keys[{at}] must not be of ROOT, KERNEL or PARTNER, which have no base keys"
                    ));
                }
                Some(_) => {}
            }
        }
        for (list, texts) in [("app_ids", &self.app_ids), ("base_keys", &self.base_keys)] {
            let twice =
                texts.iter().enumerate().filter(|(at, text)| texts.iter().take(*at).any(|other| other == *text));
            faults.extend(twice.map(|(at, _)| format!("{list}[{at}] stands there twice")));
        }
        if self.zk_random_keys > MOST_RANDOM_KEYS {
            faults.push(format!("zk_random_keys must be at most {MOST_RANDOM_KEYS}"));
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
        Plan {
            policies: policies.collect(),
            masters: names(&self.app_ids),
            base_keys: names(&self.base_keys),
            zk_random_keys: self.zk_random_keys,
        }
    }
}

/// `APP` or `APP:REF`.
fn name(text: &str) -> Option<KeyName> {
    let (application, reference) = text.split_once(':').unwrap_or((text, ""));
    let name = KeyName::new(application, reference).ok()?;
    (!application.trim().is_empty()).then_some(name)
}
