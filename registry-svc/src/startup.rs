//! Puts the parts together, once: database, definitions, certificate, key manager, witness. Nothing else names them.

use std::{fs, sync::Arc};

use km_audit::{Note, witness::WitnessKey};
use km_auth::Issuers;
use km_database::{Database, DatabaseError};
use km_domain::{Clock, SystemClock};
use km_service::{Fetcher, Shutdown, StateDir, config::read_secret_text, state::write_atomically};

use crate::{
    certificate::Certificate,
    config::Config,
    error::RegistryError,
    keymanager::{KeyManager, KeyManagerError, Link, LogKeySource, Witness},
    operations::{Registry, definitions::Definitions},
    rest::Tokens,
    storage::{MIGRATIONS, Store, StoreError, checkpoints, intents},
};

/// Why the program does not go on; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something must be changed first.
    #[error("{0}")]
    Refused(String),
    /// Something is away; later it may work.
    #[error("{0}")]
    Unavailable(String),
}

impl StartError {
    pub fn refused(text: String) -> Self {
        Self::Refused(text)
    }
}

macro_rules! refused {
    ($($type:ty),+ $(,)?) => {
        $(impl From<$type> for StartError {
            fn from(error: $type) -> Self {
                Self::Refused(error.to_string())
            }
        })+
    };
}

refused!(
    std::io::Error,
    km_audit::note::NoteError,
    km_auth::AuthError,
    km_evidence::BadRoot,
    km_service::ConfigError,
    km_service::StateError,
    km_service::tls::TlsError,
    crate::operations::definitions::DefinitionFault,
    serde_json::Error,
);

impl From<DatabaseError> for StartError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unavailable(_) => Self::Unavailable(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<KeyManagerError> for StartError {
    fn from(error: KeyManagerError) -> Self {
        match error {
            KeyManagerError::Unavailable(_) => Self::Unavailable(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<RegistryError> for StartError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::KeyManager(error) => error.into(),
            RegistryError::Store(error) => error.into(),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Opens the database, as it is.
///
/// # Errors
/// A bad URL, or the database does not answer.
pub fn database(config: &Config) -> Result<Database, StartError> {
    let section = &config.database;
    Ok(Database::open(&section.url, section.password_file.as_deref(), section.readers)?)
}

/// What `serve` runs.
pub struct Parts {
    pub registry: Arc<Registry>,
    pub tokens: Arc<Tokens>,
    pub certificate: Certificate,
}

/// Opens everything. Waits for the key manager only where this service has no certificate yet.
///
/// # Errors
/// What is missing or cannot be used.
pub async fn open(config: &Config, state: &StateDir, shutdown: &Shutdown) -> Result<Parts, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // 1. The database, at this program's schema; what an earlier run left unanswered is given up.
    let database = Arc::new(database(config)?);
    MIGRATIONS.run(&database)?;
    let store = Store::new(Arc::clone(&database), config.database.readers, config.database.deadline())?;
    let instance = km_service::state::instance(state.path())?;
    let (name, now) = (instance.clone(), clock.now());
    store.write(move |db| intents::give_up(db, Some(&name), now)).await?;
    let definitions = Definitions::load(&config.registers)?;
    // 2. Who this service is.
    let service_root = fs::read(&config.key_manager.service_root)
        .map_err(|error| StartError::refused(format!("key_manager.service_root: {error}")))?;
    let fetcher = Fetcher::new(&service_root, false)?;
    let certificate = Certificate::obtain(&config.key_manager, state, &fetcher, clock.as_ref(), shutdown).await?;
    // 3. The key manager, watched.
    let link = Link::new(&config.key_manager.grpc, &service_root, certificate.identity())?;
    let witness = witness(config, state, &store, fetcher, &certificate, Arc::clone(&clock)).await?;
    let registry = Registry {
        store,
        keymanager: KeyManager::new(link, witness),
        definitions,
        clock: Arc::clone(&clock),
        tenant: certificate.service().tenant,
        instance,
    };
    // 4. The issuers.
    let issuer_roots = match &config.issuer_roots {
        Some(path) => fs::read(path).map_err(|error| StartError::refused(format!("issuer_roots: {error}")))?,
        None => service_root,
    };
    let issuer_fetcher = Fetcher::new(&issuer_roots, config.development)?;
    let tokens = Tokens::new(Issuers::new(config.issuers.clone()), issuer_fetcher, clock);
    Ok(Parts { registry: Arc::new(registry), tokens: Arc::new(tokens), certificate })
}

async fn witness(
    config: &Config,
    state: &StateDir,
    store: &Store,
    fetcher: Fetcher,
    certificate: &Certificate,
    clock: Arc<dyn Clock>,
) -> Result<Witness, StartError> {
    let root = fs::read_to_string(&config.key_manager.evidence_root)
        .map_err(|error| StartError::refused(format!("key_manager.evidence_root: {error}")))?;
    let source = LogKeySource {
        fetcher,
        address: format!("{}/.well-known/jwks.json", config.key_manager.rest),
        root: km_evidence::trusted_root(&root)?,
    };
    let kept = match store.read(checkpoints::newest).await? {
        Some(row) => Some(Note::parse(&row.note)?.checkpoint()?),
        None => None,
    };
    let service = certificate.service();
    let name = format!("sealkeep/{}/{}/{}", service.tenant, service.kind.name(), service.name);
    Ok(Witness::new(source, witness_key(state)?, name, clock, kept))
}

/// The witness's key, made at the first start, and its public key for those who check this witness.
fn witness_key(state: &StateDir) -> Result<WitnessKey, StartError> {
    let path = state.join("witness.key");
    let key = if path.exists() {
        let text = read_secret_text(&path).map_err(|error| StartError::refused(error.to_string()))?;
        WitnessKey::from_pem(&text)?
    } else {
        let key = WitnessKey::generate()?;
        write_atomically(&path, key.to_pem().expose().as_bytes(), 0o600)?;
        key
    };
    write_atomically(&state.join("witness.pem"), key.public_pem().as_bytes(), 0o644)?;
    Ok(key)
}
