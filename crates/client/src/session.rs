//! One identity at work: its files, its token, its key, and what it can do with a register.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use km_api::{
    readers::EnrolledKey,
    records::{BulkResult, BulkStatus, ErasedRecord, RecordVersion, StoredRecord},
};
use km_crypto::PublicKey;
use km_domain::{
    Clock, FieldName, RecordId, RegisterName, SecretText, TenantId, Timestamp, register::RegisterDefinition,
};
use km_x509::pem;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    Certified, ClientError, Draft, Endpoints, Holder, Identity, KeyFile, KeyManager, OpenQuery, OpenRequest, Opened,
    Registry, Sealer, ServiceKeys, Statement, TokenSource, check_receipt,
    endpoints::read_text,
    enrol::enrolment,
    erase::erase_request,
    erasure::check_erasure,
    find::{find_request, is_answer_to},
    http::Http,
    jose::UNCERTIFIED,
    login::kept_login,
    seal::SealedBatch,
};

/// How long the key manager's keys are kept.
const KEYS_KEPT: Duration = Duration::from_secs(60);
/// How far the clocks of both sides may differ.
const SKEW: Duration = Duration::from_secs(300);

/// Everything that a program needs to act as one identity.
pub struct Session {
    endpoints: Endpoints,
    identity: Identity,
    http: Http,
    tokens: TokenSource,
    clock: Arc<dyn Clock>,
    roots: Vec<Vec<u8>>,
    kept_keys: Mutex<Option<(Arc<ServiceKeys>, Timestamp)>>,
}

/// What a search found.
pub struct FoundRecords {
    pub records: Vec<FoundRecord>,
    /// None where nothing was found, or nothing was brought to the key manager.
    pub certified: Option<Certified>,
}

/// A record that a search named, opened and compared with the value that was looked for.
pub struct FoundRecord {
    pub found: RecordVersion,
    pub opened: crate::OpenedRecord,
    /// False where the reader sees the field masked only, so that nothing could be compared.
    pub compared: bool,
}

impl Session {
    /// Reads `endpoints.json` and the files of the identity. Nothing is called yet.
    pub fn open(endpoints: &Path, identity: &str, clock: Arc<dyn Clock>) -> Result<Self, ClientError> {
        let endpoints = Endpoints::read(endpoints)?;
        let http = Http::new(&endpoints.ca, None)?;
        let tokens = tokens(&endpoints, identity, &http, &clock)?;
        let identity = endpoints.identity(identity)?.clone();
        let roots = pem::certificates(&read_text(&endpoints.business_root_file())?)
            .map_err(|_| ClientError::Setup("the business root is not PEM".into()))?;
        Ok(Self { endpoints, identity, http, tokens, clock, roots, kept_keys: Mutex::new(None) })
    }

    /// The same with a token that was obtained elsewhere.
    pub fn with_token(mut self, token: SecretText) -> Self {
        self.tokens = TokenSource::fixed(token, self.clock.clone());
        self
    }

    /// The same with the key of another file.
    pub fn with_key_file(mut self, path: &Path) -> Self {
        self.identity.reader_key = path.to_owned();
        self
    }

    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    pub fn tenant(&self) -> &TenantId {
        &self.endpoints.tenant
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub fn tokens(&self) -> &TokenSource {
        &self.tokens
    }

    /// The key of this identity.
    pub fn key(&self) -> Result<KeyFile, ClientError> {
        KeyFile::read(&self.identity.reader_key)
    }

    pub fn registry(&self) -> Registry<'_> {
        Registry { http: &self.http, base: &self.endpoints.registry, tokens: &self.tokens }
    }

    /// The key manager's listener for everyone.
    pub fn key_manager(&self) -> KeyManager<'_> {
        KeyManager { http: &self.http, base: &self.endpoints.rest, tokens: &self.tokens }
    }

    /// HTTPS with this identity's client certificate, for the officers' listener; see [`Session::officer`].
    pub fn officer_http(&self) -> Result<Http, ClientError> {
        match (&self.identity.certificate, &self.identity.key) {
            (Some(certificate), Some(key)) => Http::new(&self.endpoints.ca, Some((certificate, key))),
            _ => Err(ClientError::Setup("this identity has no client certificate".into())),
        }
    }

    /// The key manager's listener for officers.
    pub fn officer<'a>(&'a self, http: &'a Http) -> KeyManager<'a> {
        KeyManager { http, base: &self.endpoints.officer, tokens: &self.tokens }
    }

    /// The key of a JSON Web Key that is said to be the one to which keys are sealed on their way in, and its name: certified under the
    /// pinned root as that.
    pub fn transport_key(&self, jwk: Value) -> Result<(String, PublicKey), ClientError> {
        crate::service_keys::transport(jwk, &self.roots, self.clock.now())
    }

    /// The key manager's certified keys; fetched again after a minute.
    pub async fn service_keys(&self) -> Result<Arc<ServiceKeys>, ClientError> {
        let kept = self.kept_keys.lock().await.clone();
        match kept.filter(|(_, until)| self.clock.now() < *until) {
            Some((keys, _)) => Ok(keys),
            None => self.fetch_service_keys().await,
        }
    }

    async fn fetch_service_keys(&self) -> Result<Arc<ServiceKeys>, ClientError> {
        let now = self.clock.now();
        let jwks = self.key_manager().jwks(self.tenant()).await?;
        let keys = Arc::new(ServiceKeys::from_jwks(&jwks, self.tenant(), &self.roots, now)?);
        *self.kept_keys.lock().await = Some((keys.clone(), now.plus(KEYS_KEPT)));
        Ok(keys)
    }

    /// Checks something with the keys at hand; if they do not know the one that signed it, with the newest.
    async fn checked<T>(&self, check: impl Fn(&ServiceKeys) -> Result<T, ClientError>) -> Result<T, ClientError> {
        match check(&*self.service_keys().await?) {
            Err(ClientError::NotProven(UNCERTIFIED)) => check(&*self.fetch_service_keys().await?),
            outcome => outcome,
        }
    }

    /// Whose token it is.
    pub async fn holder(&self) -> Result<Holder, ClientError> {
        Holder::of(&self.tokens.token().await?)
    }

    /// Enrols the identity's key; makes the key file where there is none. Returns the key manager's answer: id and state.
    pub async fn enrol(&self) -> Result<EnrolledKey, ClientError> {
        let key = KeyFile::read_or_create(&self.identity.reader_key)?;
        let body = enrolment(&key, &self.holder().await?, self.clock.now())?;
        self.key_manager().enrol(&body).await
    }

    /// Seals one record with this identity's key, stores it, and checks the receipt.
    pub async fn put(&self, definition: &RegisterDefinition, draft: &Draft) -> Result<StoredRecord, ClientError> {
        let (key, keys) = (self.key()?, self.service_keys().await?);
        let sealed = self.sealer(&key, &keys, definition).seal(draft, self.clock.now())?;
        let stored = self.registry().put(&definition.register, &sealed).await?;
        let stored_now = [(stored.record, Some(stored.receipt.as_str()))];
        self.checked(|keys| check_stored(&self.sealer(&key, keys, definition), keys, &sealed, &stored_now)).await?;
        Ok(stored)
    }

    /// Seals many records as one batch, stores them, and checks that every record that was stored now stands in a receipt. The
    /// results are in the order of the drafts. The caller has checked their fields ([`km_personal::validate`]).
    pub async fn put_bulk(
        &self,
        definition: &RegisterDefinition,
        drafts: &[Draft],
    ) -> Result<Vec<BulkResult>, ClientError> {
        let (key, keys) = (self.key()?, self.service_keys().await?);
        let sealed = self.sealer(&key, &keys, definition).seal_bulk(drafts, self.clock.now())?;
        let results = self.registry().put_bulk(&definition.register, &sealed).await?;
        let is_new = |result: &&BulkResult| matches!(result.status, BulkStatus::Created | BulkStatus::Updated);
        let stored_now: Vec<_> =
            results.iter().filter(is_new).map(|result| (result.record, result.receipt.as_deref())).collect();
        self.checked(|keys| check_stored(&self.sealer(&key, keys, definition), keys, &sealed, &stored_now)).await?;
        Ok(results)
    }

    fn sealer<'a>(&'a self, key: &'a KeyFile, keys: &'a ServiceKeys, definition: &'a RegisterDefinition) -> Sealer<'a> {
        Sealer { key, ingest: keys.ingest(), tenant: &self.endpoints.tenant, definition }
    }

    /// Opens records and checks the answer.
    pub async fn open_records(&self, query: OpenQuery) -> Result<Opened, ClientError> {
        let key = self.key()?;
        let (register, records) = (query.register.clone(), query.records.clone());
        let request = OpenRequest::new(&key, self.tenant(), query, self.clock.now())?;
        let answer = self.registry().open(&register, &records, &request.jws).await?;
        self.checked(|keys| request.accept(&key, keys, &answer)).await
    }

    /// Finds records, opens each, and compares the field that was asked with the value that was looked for: a record that the
    /// registry invented is detected.
    pub async fn find(
        &self,
        definition: &RegisterDefinition,
        field: &FieldName,
        value: &Value,
        fields: &[FieldName],
        statement: &Statement,
    ) -> Result<FoundRecords, ClientError> {
        let found = self.find_ids(definition, field, value, statement).await?;
        if found.is_empty() {
            return Ok(FoundRecords { records: Vec::new(), certified: None });
        }
        let mut fields = fields.to_vec();
        if !fields.contains(field) {
            fields.push(field.clone());
        }
        let query = OpenQuery {
            register: definition.register.clone(),
            records: found.iter().map(|found| found.record).collect(),
            fields,
            statement: statement.clone(),
            history: false,
        };
        let opened = self.open_records(query).await?;
        let mut records = Vec::with_capacity(found.len());
        for opened in opened.records {
            let compared = match is_answer_to(definition, field, value, &opened) {
                Some(false) => return Err(ClientError::NotProven("the registry named a record without this value")),
                told => told.is_some(),
            };
            let named = found.iter().find(|found| found.record == opened.record).copied();
            let found = named.ok_or(ClientError::NotProven("it is about other records"))?;
            records.push(FoundRecord { found, opened, compared });
        }
        Ok(FoundRecords { records, certified: opened.certified })
    }

    /// Finds records without opening them. What the registry names is not proven.
    pub async fn find_ids(
        &self,
        definition: &RegisterDefinition,
        field: &FieldName,
        value: &Value,
        statement: &Statement,
    ) -> Result<Vec<RecordVersion>, ClientError> {
        let (key, keys) = (self.key()?, self.service_keys().await?);
        let (tenant, now) = (self.tenant(), self.clock.now());
        let request = find_request(&key, keys.ingest(), tenant, definition, (field, value), statement, now)?;
        self.registry().find(&definition.register, &request).await
    }

    /// Erases a record for ever. Returns the certificate of erasure, verified up to the pinned evidence root.
    pub async fn erase(
        &self,
        register: &RegisterName,
        record: RecordId,
        statement: &Statement,
    ) -> Result<ErasedRecord, ClientError> {
        let request = erase_request(&self.key()?, self.tenant(), register, &[record], statement, self.clock.now())?;
        let erased = self.registry().erase(register, record, &request).await?;
        let roots = pem::certificates(&read_text(&self.endpoints.evidence_root_file())?)
            .map_err(|_| ClientError::Setup("the evidence root is not PEM".into()))?;
        let said = check_erasure(&erased.certificate, &roots, self.clock.now().plus(SKEW))?;
        if said.record != record || said.register != *register || said.tenant != *self.tenant() {
            return Err(ClientError::NotProven("the certificate of erasure is about another record"));
        }
        Ok(erased)
    }
}

/// A login that still holds, else the identity's own secret.
fn tokens(endpoints: &Endpoints, name: &str, http: &Http, clock: &Arc<dyn Clock>) -> Result<TokenSource, ClientError> {
    let identity = endpoints.identity(name)?;
    if let Some(token) = kept_login(&endpoints.login_file(name), clock.now()) {
        return Ok(TokenSource::fixed(token, clock.clone()));
    }
    let secret = identity.secret_file.as_deref();
    let secret = secret.ok_or_else(|| ClientError::Setup(format!("{name} must log in first")))?;
    TokenSource::client_credentials(http.clone(), &endpoints.token, &identity.client_id, secret, clock.clone())
}

/// Every record that was stored now must stand in a receipt; one that was there before has none to show. One receipt may name
/// many records and stand with one of them only.
fn check_stored(
    sealer: &Sealer<'_>,
    keys: &ServiceKeys,
    sealed: &SealedBatch,
    stored_now: &[(RecordId, Option<&str>)],
) -> Result<(), ClientError> {
    let receipts: BTreeSet<&str> =
        stored_now.iter().filter_map(|(_, receipt)| *receipt).filter(|receipt| !receipt.is_empty()).collect();
    let mut certified = BTreeSet::new();
    for receipt in receipts {
        let receipt = check_receipt(receipt, sealer, keys, sealed)?;
        certified.extend(receipt.records.iter().map(|named| *named.record.as_bytes()));
    }
    if stored_now.iter().all(|(record, _)| certified.contains(record.as_bytes())) {
        Ok(())
    } else {
        Err(ClientError::NotProven("a stored record stands in no receipt"))
    }
}
