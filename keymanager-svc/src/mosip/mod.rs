//! The door that speaks MOSIP Keymanager's REST dialect under `/v1/keymanager`. Every handler reads the request, calls one use case,
//! answers; the table in `README.md` beside this file lists endpoints, their tests, and every deliberate difference.

pub mod actuator;
pub mod body;
mod certificate_status;
pub mod cose_sign1;
pub mod cose_verify1;
pub mod cs_sign;
pub mod cs_verify_sign;
pub mod cwt_sign;
pub mod cwt_verify;
pub mod decrypt;
pub mod decrypt_with_pin;
pub mod encrypt;
pub mod encrypt_with_pin;
pub mod endpoint;
pub mod envelope;
pub mod error;
pub mod generate_argon2_hash;
pub mod generate_csr;
pub mod generate_ec_sign_key;
pub mod generate_master_key;
pub mod generate_symmetric_key;
pub mod get_all_certificates;
pub mod get_ca_certificate_trust_path;
pub mod get_ca_certificates;
pub mod get_certificate;
pub mod get_certificate_chain;
pub mod get_partner_certificate;
pub mod get_partner_signed_certificate;
pub mod get_zk_temp_certificate;
pub mod jws_sign;
pub mod jws_sign_v2;
pub mod jwt_decrypt;
pub mod jwt_encrypt;
pub mod jwt_sign;
pub mod jwt_sign_v2;
pub mod jwt_verify;
pub mod jwt_verify_v2;
pub mod lenient;
pub mod license_generate;
pub mod license_permissions;
pub mod license_permit;
pub mod migrate_base_key;
pub mod migrate_zk_keys;
pub mod pdf_sign;
pub mod revoke_key;
pub mod sign;
pub mod sign_raw_data;
pub mod sign_v2;
mod token;
pub mod token_id;
pub mod tpm_decrypt;
pub mod tpm_encrypt;
pub mod tpm_encryption_public_key;
pub mod tpm_signing_public_key;
pub mod upload_ca_certificate;
pub mod upload_certificate;
pub mod upload_other_domain_certificate;
pub mod upload_partner_certificate;
pub mod validate;
pub mod verify_certificate_trust;
pub mod zk_decrypt;
pub mod zk_encrypt;
pub mod zk_re_encrypt_random_key;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload as RawPayload,
    http::header,
    web::{self, Bytes, Data, Payload, ServiceConfig},
};
use km_domain::{Principal, TenantId};
use km_operations::{
    Caller, Operation, OperationError, Operations, Record,
    mosip::{self, Fault},
};
use km_service::{Metrics, Readiness, RequestContext};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use self::{
    body::{Bodies, Body, Held, LARGE},
    endpoint::Endpoint,
    envelope::Echo,
    error::Refusal,
};
use crate::edge::{Edge, TimedLane};

/// What every handler of the door shares.
#[derive(Clone)]
pub struct Dialect {
    pub edge: Edge,
    pub tenant: TenantId,
    /// Whose tokens are accepted besides those for the issuer's configured audience: in `aud`, or as `azp`.
    pub audiences: Arc<[String]>,
    /// The fixed caller that stands for everybody without a token, where that is switched on.
    pub anonymous: Option<Arc<Principal>>,
    /// Of each endpoint, the roles of which a caller needs one.
    pub roles: Arc<BTreeMap<Endpoint, BTreeSet<String>>>,
    pub bodies: Bodies,
    /// The turn of calls that take long to compute by their nature: one at a time, so that others find a free thread.
    pub slow: Arc<Semaphore>,
    pub readiness: Readiness,
    pub metrics: Metrics,
}

/// The path before every endpoint's own.
pub const BASE: &str = "/v1/keymanager";

/// The routes of this door.
pub fn routes(dialect: Dialect) -> impl Fn(&mut ServiceConfig) + Send + Clone + 'static {
    let dialect = Data::new(dialect);
    move |routes| {
        let scope = web::scope(BASE)
            // Routes are tried in this order: the busy ones first.
            .service(encrypt::encrypt)
            .service(decrypt::decrypt)
            .service(jwt_sign::jwt_sign)
            .service(jwt_verify::jwt_verify)
            .service(get_certificate::get_certificate)
            .service(get_all_certificates::get_all_certificates)
            .service(get_certificate_chain::get_certificate_chain)
            .service(generate_master_key::generate_master_key)
            .service(generate_ec_sign_key::generate_ec_sign_key)
            .service(generate_symmetric_key::generate_symmetric_key)
            .service(generate_csr::generate_csr)
            .service(upload_certificate::upload_certificate)
            .service(upload_other_domain_certificate::upload_other_domain_certificate)
            .service(revoke_key::revoke_key)
            .service(jws_sign::jws_sign)
            .service(jwt_sign_v2::jwt_sign_v2)
            .service(jws_sign_v2::jws_sign_v2)
            .service(jwt_verify_v2::jwt_verify_v2)
            .service(sign_v2::sign_v2)
            .service(sign_raw_data::sign_raw_data)
            .service(sign::sign)
            .service(validate::validate)
            .service(encrypt_with_pin::encrypt_with_pin)
            .service(decrypt_with_pin::decrypt_with_pin)
            .service(generate_argon2_hash::generate_argon2_hash)
            .service(jwt_encrypt::jwt_encrypt)
            .service(jwt_decrypt::jwt_decrypt)
            .service(cose_sign1::cose_sign1)
            .service(cose_verify1::cose_verify1)
            .service(cwt_sign::cwt_sign)
            .service(cwt_verify::cwt_verify)
            .service(pdf_sign::pdf_sign)
            .service(upload_ca_certificate::upload_ca_certificate)
            .service(upload_partner_certificate::upload_partner_certificate)
            .service(get_partner_certificate::get_partner_certificate)
            .service(get_partner_signed_certificate::get_partner_signed_certificate)
            .service(verify_certificate_trust::verify_certificate_trust)
            .service(get_ca_certificates::get_ca_certificates)
            .service(get_ca_certificate_trust_path::get_ca_certificate_trust_path)
            .service(token_id::token_id)
            .service(zk_encrypt::zk_encrypt)
            .service(zk_decrypt::zk_decrypt)
            .service(zk_re_encrypt_random_key::zk_re_encrypt_random_key)
            .service(get_zk_temp_certificate::get_zk_temp_certificate)
            .service(migrate_zk_keys::migrate_zk_keys)
            .service(migrate_base_key::migrate_base_key)
            .service(cs_sign::cs_sign)
            .service(cs_verify_sign::cs_verify_sign)
            .service(tpm_encrypt::tpm_encrypt)
            .service(tpm_decrypt::tpm_decrypt)
            .service(tpm_signing_public_key::tpm_signing_public_key)
            .service(tpm_encryption_public_key::tpm_encryption_public_key)
            .service(license_generate::license_generate)
            .service(license_permit::license_permit)
            .service(license_permissions::license_permissions)
            .service(actuator::health)
            .service(actuator::liveness)
            .service(actuator::readiness)
            .service(actuator::info)
            .service(actuator::prometheus)
            .default_service(web::to(nothing_here));
        routes.app_data(dialect.clone()).service(scope);
    }
}

async fn nothing_here(dialect: Data<Dialect>) -> HttpResponse {
    dialect.refuse(&Echo::default(), &Refusal::no_endpoint())
}

/// A request whose caller is known and whose envelope was read.
pub struct Call {
    pub caller: Caller,
    body: Zeroizing<Vec<u8>>,
}

impl Call {
    /// The request inside the envelope.
    ///
    /// # Errors
    /// A member is not of its type.
    pub fn request<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Refusal> {
        envelope::inside(&self.body)
    }

    /// Whether it takes so long to read and write that it does not belong on a thread that serves connections.
    pub fn is_large(&self) -> bool {
        self.body.len() > LARGE
    }
}

impl Dialect {
    /// Serves a POST or PUT: who calls, the body, the envelope, then `work`.
    pub async fn serve<T, W>(
        &self,
        endpoint: Endpoint,
        request: &HttpRequest,
        payload: Payload,
        work: W,
    ) -> HttpResponse
    where
        T: Serialize + Send + 'static,
        W: AsyncFnOnce(Call) -> Result<T, Refusal>,
    {
        let mut echo = Echo::default();
        match self.work(endpoint, request, payload, &mut echo, work).await {
            Ok((response, place)) => self.answer(echo, response, place).await,
            Err(refusal) => self.refuse(&echo, &refusal),
        }
    }

    async fn work<T, W>(
        &self,
        endpoint: Endpoint,
        request: &HttpRequest,
        payload: Payload,
        echo: &mut Echo,
        work: W,
    ) -> Result<(T, Option<OwnedSemaphorePermit>), Refusal>
    where
        W: AsyncFnOnce(Call) -> Result<T, Refusal>,
    {
        // 1. Who calls: before a byte of the body is read.
        let names = names(request).await?;
        let caller = self.caller(endpoint, request, &names).await?;
        // 2. The body and what is around the request.
        if !is_content(request, "application/json") {
            return Err(Refusal::invalid(vec!["Content-Type must be application/json".to_owned()]));
        }
        let Body { bytes, place } = self.bodies.read(request, payload, endpoint.takes_documents()).await?;
        let read = self.off_the_wire(place.is_some(), move || Ok((envelope::outside(&bytes), bytes)));
        let (outside, body) = read.await?;
        *echo = outside.map_err(|(known, refusal)| {
            *echo = known;
            refusal
        })?;
        // 3. What is asked.
        let done = work(Call { caller, body }).await?;
        Ok((done, place))
    }

    /// Serves a GET: who calls, the query, then `work`.
    pub async fn serve_query<Q, T, W>(&self, endpoint: Endpoint, request: &HttpRequest, work: W) -> HttpResponse
    where
        Q: DeserializeOwned,
        T: Serialize + Send + 'static,
        W: AsyncFnOnce(Caller, Q) -> Result<T, Refusal>,
    {
        let asked = async {
            let names = names(request).await?;
            let caller = self.caller(endpoint, request, &names).await?;
            let query = web::Query::<Q>::from_query(request.query_string())
                .map_err(|_| Refusal::invalid(vec!["the query cannot be read".to_owned()]))?;
            work(caller, query.into_inner()).await
        };
        match asked.await {
            Ok(response) => self.answer(Echo::default(), response, None).await,
            Err(refusal) => self.refuse(&Echo::default(), &refusal),
        }
    }

    /// Serves a POST whose parameters stand in the query or in a form: who calls, the parameters, then `work`. A form can be sent by
    /// any page that a browser shows, with its cookie: for calls that change nothing only, whose answer such a page cannot read.
    pub async fn serve_parameters<Q, T, W>(
        &self,
        endpoint: Endpoint,
        request: &HttpRequest,
        payload: Payload,
        work: W,
    ) -> HttpResponse
    where
        Q: DeserializeOwned,
        T: Serialize + Send + 'static,
        W: AsyncFnOnce(Caller, Q) -> Result<T, Refusal>,
    {
        let asked = async {
            let names = names(request).await?;
            let caller = self.caller(endpoint, request, &names).await?;
            let unreadable = || Refusal::invalid(vec!["the parameters cannot be read".to_owned()]);
            let mut parameters = Zeroizing::new(request.query_string().to_owned());
            if is_content(request, "application/x-www-form-urlencoded") {
                let Body { bytes, .. } = self.bodies.read(request, payload, endpoint.takes_documents()).await?;
                let form = std::str::from_utf8(&bytes).map_err(|_| unreadable())?;
                parameters = Zeroizing::new([parameters.as_str(), form].join("&"));
            }
            let asked = web::Query::<Q>::from_query(&parameters).map_err(|_| unreadable())?;
            work(caller, asked.into_inner()).await
        };
        match asked.await {
            Ok(response) => self.answer(Echo::default(), response, None).await,
            Err(refusal) => self.refuse(&Echo::default(), &refusal),
        }
    }

    /// Runs an operation until its record is durable; a key that it needs and that is not there yet is made first.
    ///
    /// # Errors
    /// What the operation's error is answered with.
    pub async fn perform<T, F>(
        &self,
        endpoint: Endpoint,
        lane: &TimedLane,
        caller: &Caller,
        operation: F,
    ) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: Fn(&Operations, &Record) -> Operation<T> + Send + Sync + 'static,
    {
        let refused = |error: &OperationError| Refusal::of(endpoint, error);
        let operation = Arc::new(operation);
        for _ in 0..KEYS_MADE {
            let again = Arc::clone(&operation);
            let done = self.edge.perform(lane, move |operations, record| again(operations, record)).await;
            let due = match done {
                Ok(recorded) => return Ok(recorded.outcome),
                Err(OperationError::Mosip(Fault::Due(name))) => name,
                Err(error) => return Err(refused(&error)),
            };
            let caller = caller.clone();
            let made = self
                .edge
                .perform(&self.edge.making, move |operations, record| mosip::renew(operations, record, &caller, &due));
            match made.await {
                // Somebody else made it at the same time.
                Ok(_) | Err(OperationError::Conflict(_)) => {}
                Err(error) => return Err(refused(&error)),
            }
            self.edge.reload().await.map_err(|error| refused(&error))?;
        }
        Err(Refusal::busy())
    }

    /// Runs an operation that takes long to compute, in its turn, on the lane that needs no token.
    ///
    /// # Errors
    /// As [`Dialect::perform`]; its turn did not come in time.
    pub async fn perform_slowly<T, F>(&self, endpoint: Endpoint, caller: &Caller, operation: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: Fn(&Operations, &Record) -> Operation<T> + Send + Sync + 'static,
    {
        // As long as for a key that is made.
        let deadline = self.edge.making.deadline;
        let turn = tokio::time::timeout(deadline, self.slow.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(Refusal::busy()) };
        let lane = TimedLane { lane: self.edge.plain.lane.clone(), deadline };
        self.perform(endpoint, &lane, caller, operation).await
    }

    /// Runs an operation that changes keys, and makes the change known here before the answer.
    ///
    /// # Errors
    /// What the operation's error is answered with.
    pub async fn change<T, F>(&self, endpoint: Endpoint, operation: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: Fn(&Operations, &Record) -> Operation<T> + Send + Sync + 'static,
    {
        let operation = Arc::new(operation);
        let mut done = Err(OperationError::Stale);
        for _ in 0..KEYS_MADE {
            let again = Arc::clone(&operation);
            let change = self.edge.perform(&self.edge.making, move |operations, record| again(operations, record));
            done = change.await.map(|recorded| recorded.outcome);
            self.edge.reload().await.map_err(|error| Refusal::of(endpoint, &error))?;
            // Somebody else changed the same: what there is to do is asked again.
            if !matches!(done, Err(OperationError::Conflict(_))) {
                break;
            }
        }
        done.map_err(|error| Refusal::of(endpoint, &error))
    }

    /// Whether zkEncrypt encrypts its random keys to the certificate of this name.
    pub fn is_zk_recipient(&self, name: &mosip::KeyName) -> bool {
        let rules = &self.edge.parts.operations.rules.mosip;
        rules.as_ref().is_some_and(|rules| rules.zk_recipients.contains(name))
    }

    /// Runs what takes long for its size on a lane, and all else here.
    ///
    /// # Errors
    /// The work's own; no thread was free in time.
    pub async fn off_the_wire<T: Send + 'static>(
        &self,
        is_large: bool,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        if !is_large {
            return work();
        }
        let TimedLane { lane, deadline } = &self.edge.plain;
        lane.run(*deadline, work).await.map_err(|_| Refusal::busy())?
    }

    async fn answer<T: Serialize + Send + 'static>(
        &self,
        echo: Echo,
        response: T,
        place: Option<OwnedSemaphorePermit>,
    ) -> HttpResponse {
        let now = self.edge.parts.operations.clock.now();
        let again = echo.clone();
        let written = self.off_the_wire(place.is_some(), move || {
            envelope::success(&again, now, response).ok_or_else(Refusal::internal)
        });
        match written.await {
            Ok(bytes) => {
                let body = Held { bytes: Some(Bytes::from(bytes)), _place: place };
                HttpResponse::Ok().insert_header(header::ContentType::json()).body(body)
            }
            Err(refusal) => self.refuse(&echo, &refusal),
        }
    }

    fn refuse(&self, echo: &Echo, refusal: &Refusal) -> HttpResponse {
        envelope::refusal(echo, self.edge.parts.operations.clock.now(), refusal)
    }
}

/// A base key may need its master key, and that a moment in which somebody else makes them.
const KEYS_MADE: usize = 4;

async fn names(request: &HttpRequest) -> Result<RequestContext, Refusal> {
    RequestContext::from_request(request, &mut RawPayload::None).await.map_err(|_| Refusal::internal())
}

/// Cookies go along with any form that a browser sends; what is not JSON is not read.
fn is_content(request: &HttpRequest, kind: &str) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(kind)
}
