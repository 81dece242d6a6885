//! Puts the parts together, once: token, database, keyring, rules. Nothing else names them.

use std::{fs, path::Path, sync::Arc, time::Duration};

use km_database::Database;
use km_domain::{Clock, SecretText, SystemClock, register::RegisterDefinition};
use km_hsm::{Token, TokenConfig};
use km_operations::{Budgets, Keyring, Operations, Rules, mosip::TokenIds};
use km_storage::{Committer, Storage};

use crate::config::{Config, DatabaseConfig, MosipConfig, TokenIdsConfig};

/// Everything behind the doors.
#[derive(Clone)]
pub struct Parts {
    pub operations: Arc<Operations>,
    pub committer: Committer,
    /// The random name of the state folder.
    pub instance: String,
}

/// Why the service does not start; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

macro_rules! start_errors {
    ($($type:ty),+ $(,)?) => {
        $(impl From<$type> for StartError {
            fn from(error: $type) -> Self {
                Self(error.to_string())
            }
        })+
    };
}

start_errors!(
    std::io::Error,
    km_database::DatabaseError,
    km_keystore::KeyStoreError,
    km_operations::OperationError,
    km_service::ConfigError,
    km_service::StateError,
    km_service::tls::TlsError,
    km_storage::StorageError,
    km_auth::AuthError,
);

/// Opens the database and checks that its schema is the one that this binary knows.
pub fn database(config: &Config) -> Result<Database, StartError> {
    let DatabaseConfig { url, password_file, readers } = &config.database;
    Ok(Database::open(url, password_file.as_deref(), *readers)?)
}

/// Opens everything and loads the keyring.
pub fn open(config: &Config) -> Result<Parts, StartError> {
    let database = database(config)?;
    km_storage::migrations().check(&database)?;
    let token = Token::open(TokenConfig {
        module: config.token.module.clone(),
        label: config.token.label.clone(),
        serial: config.token.serial.clone(),
        pin_file: config.token.pin_file.clone(),
        sessions: config.lanes.token + config.lanes.jobs + 1,
        series: config.token.batches_at_once,
        wait: Duration::from_millis(config.lanes.deadline_ms),
    })?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let storage = Storage::new(database);
    let instance = km_service::state::instance(&config.state_dir)?;
    let committer = Committer::start(storage.clone(), Arc::clone(&clock), instance.clone())?;
    let operations =
        Operations { storage, keys: Arc::new(token), keyring: Keyring::default(), rules: rules(config)?, clock };
    operations.keyring.load(&operations.storage, &*operations.keys)?;
    Ok(Parts { operations: Arc::new(operations), committer, instance })
}

fn rules(config: &Config) -> Result<Rules, StartError> {
    Ok(Rules {
        registers: registers(&config.registers)?
            .into_iter()
            .map(|definition| (definition.register.clone(), Arc::new(definition)))
            .collect(),
        purposes: km_operations::PurposeRules::default(),
        log_origin: config.log_origin.clone(),
        installation: config.installation.clone(),
        development: config.development,
        switches: config.mosip.as_ref().map(MosipConfig::switches).unwrap_or_default(),
        mosip: config.mosip.as_ref().map(MosipConfig::rules),
        token_ids: config.mosip.as_ref().and_then(|mosip| mosip.token_ids.as_ref()).map(token_ids).transpose()?,
        operators_tenant: config.operators_tenant.clone(),
        certificate_lifetime: Duration::from_secs(config.certificates.lifetime_seconds),
        workstation_lifetime: Duration::from_secs(config.certificates.workstation_seconds),
        dns_names: config.certificates.names.clone(),
        budgets: Budgets::new(config.budgets.terms_per_minute),
    })
}

fn token_ids(section: &TokenIdsConfig) -> Result<TokenIds, StartError> {
    let salt = |file: &Path| {
        let text = km_service::config::read_secret_text(file).map_err(|error| StartError(error.to_string()))?;
        Ok::<_, StartError>(SecretText::new(text.to_string()))
    };
    Ok(TokenIds::new(salt(&section.uin_salt_file)?, salt(&section.partner_code_salt_file)?, section.length))
}

/// Reads every `*.json` of the folder.
pub fn registers(folder: &Path) -> Result<Vec<RegisterDefinition>, StartError> {
    let at = |path: &Path, error: &dyn std::fmt::Display| StartError(format!("{}: {error}", path.display()));
    let mut definitions = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| at(folder, &error))? {
        let path = entry.map_err(|error| at(folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).map_err(|error| at(&path, &error))?;
            definitions.push(RegisterDefinition::from_json(&text).map_err(|error| at(&path, &error))?);
        }
    }
    definitions.sort_by(|a, b| a.register.cmp(&b.register));
    Ok(definitions)
}
