//! A key manager inside this process: a real token, a database in a file, its keys and two callers. No doors.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use km_database::Database;
use km_domain::{Clock, KeyAlgorithm, KeyPurpose, Principal, Role, SystemClock};
use km_hsm::{Token, TokenConfig};
use km_operations::keys::{self, NewKey};
use km_operations::{Budgets, Caller, Keyring, Operations, PurposeRules, Rules};
use km_storage::{Committer, Storage};
use km_test_support::{TestDatabase, TestToken};

pub struct KeyManager {
    pub operations: Operations,
    pub committer: Committer,
    pub backend: Caller,
    officer: Caller,
    _database: Option<TestDatabase>,
}

impl KeyManager {
    /// On a fresh token and database.
    pub fn start(token: &TestToken, database: TestDatabase) -> Self {
        let config = TokenConfig {
            module: token.module.clone(),
            label: token.label.clone(),
            serial: None,
            pin_file: token.pin_file.clone(),
            sessions: 2,
            series: 1,
            wait: Duration::from_secs(2),
        };
        let opened = Self::open(config, database.url());
        Self { _database: Some(database), ..opened }
    }

    /// On a token and a database that others have used, while nobody else does.
    pub fn open(config: TokenConfig, url: &str) -> Self {
        let database = Database::open(url, None, 2).expect("a database");
        km_storage::migrations().run(&database).expect("its tables");
        let (storage, clock) = (Storage::new(database), Arc::new(SystemClock));
        let committer = Committer::start(storage.clone(), clock.clone(), "bench".into()).expect("a commit thread");
        let token = Arc::new(Token::open(config).expect("a token"));
        let operations = Operations { storage, keys: token, keyring: Keyring::default(), rules: rules(), clock };
        operations.keyring.load(&operations.storage, &*operations.keys).expect("a keyring");
        let tenant = "demo".parse().expect("a tenant");
        keys::initialise(&operations, &committer).expect("the installation's keys");
        keys::initialise_tenant(&operations, &committer, &tenant).expect("the tenant's keys");
        Self { operations, committer, backend: caller(Role::Backend), officer: caller(Role::Officer), _database: None }
    }

    /// Makes a key that backends may use.
    pub fn key(&self, id: &str, purpose: KeyPurpose, algorithm: KeyAlgorithm) {
        self.make(id, purpose, algorithm);
        self.operations.keyring.load(&self.operations.storage, &*self.operations.keys).expect("a keyring");
    }

    /// As [`Self::key`], but the key is not yet among those that operations find.
    pub fn make(&self, id: &str, purpose: KeyPurpose, algorithm: KeyAlgorithm) {
        let new = NewKey { id: id.parse().expect("an id"), purpose, algorithm, roles: BTreeSet::from([Role::Backend]) };
        let made = keys::create(&self.operations, &self.committer, &self.officer, new);
        self.committer.record(made).expect("a record").outcome.expect("a key");
    }
}

fn rules() -> Rules {
    Rules {
        registers: HashMap::new(),
        purposes: PurposeRules::default(),
        log_origin: "sealkeep.bench/log".into(),
        installation: "Sealkeep bench".into(),
        operators_tenant: None,
        development: false,
        switches: Vec::new(),
        mosip: None,
        token_ids: None,
        certificate_lifetime: Duration::from_secs(3600),
        workstation_lifetime: Duration::from_secs(3600),
        dns_names: Vec::new(),
        budgets: Budgets::new(60),
    }
}

fn caller(role: Role) -> Caller {
    let now = SystemClock.now();
    let principal = Principal {
        tenant: "demo".parse().expect("a tenant"),
        issuer: "https://issuer.invalid".into(),
        subject: role.name().into(),
        username: None,
        role_names: BTreeSet::new(),
        roles: BTreeSet::from([role]),
        acr: Some("2".into()),
        authenticated_at: Some(now),
        expires: now.plus(Duration::from_secs(86_400)),
    };
    Caller { principal: Arc::new(principal), service: None, request_id: None, trace_id: None }
}
