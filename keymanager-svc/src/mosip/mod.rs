//! The door that speaks MOSIP Keymanager's REST dialect under `/v1/keymanager`. Every handler reads the request, calls one use case,
//! answers; the table in `README.md` beside this file lists endpoints, their tests, and every deliberate difference.

pub mod actuator;
pub mod body;
pub mod decrypt;
pub mod encrypt;
pub mod endpoint;
pub mod envelope;
pub mod error;
pub mod generate_csr;
pub mod generate_ec_sign_key;
pub mod generate_master_key;
pub mod generate_symmetric_key;
pub mod get_all_certificates;
pub mod get_certificate;
pub mod get_certificate_chain;
pub mod jwt_sign;
pub mod jwt_verify;
pub mod lenient;
pub mod revoke_key;
mod token;
pub mod upload_certificate;
pub mod upload_other_domain_certificate;

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
use tokio::sync::OwnedSemaphorePermit;
use zeroize::Zeroizing;

use self::{
    body::{Bodies, Held, LARGE},
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
        if !is_json(request) {
            return Err(Refusal::invalid(vec!["Content-Type must be application/json".to_owned()]));
        }
        let body = self.bodies.read(request, payload).await?;
        *echo = envelope::outside(&body.bytes).map_err(|(known, refusal)| {
            *echo = known;
            refusal
        })?;
        // 3. What is asked.
        let done = work(Call { caller, body: body.bytes }).await?;
        Ok((done, body.place))
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
fn is_json(request: &HttpRequest) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
