//! `/v1/officer/mosip/random-keys…`: the random keys of `zkEncrypt` of an existing MOSIP Keymanager moved in. What is sent again is there
//! already, so no call has an idempotency key.

use actix_web::{HttpResponse, web};
use km_api::mosip::{
    ImportRandomKey, ImportRandomKeys, RandomKeyImported, RandomKeyOutcome, RandomKeyTransfer, RandomKeysImported,
};
use km_operations::{
    OperationError,
    mosip::{self, Fault, IncomingRandomKey, Migration, ToMigrate, import},
};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use super::caller::Officer;
use crate::{edge::Edge, error::problem_of};

/// Keys of one call: each is opened by RSA in the token.
const MOST: usize = 200;

/// The certificate to which random keys are encrypted on their way in; made when there is none of today.
#[documented(post, path = "/v1/officer/mosip/random-keys/transfer", operation_id = "mosip_random_key_transfer", responses((status = 200, body = RandomKeyTransfer)), tag = "officer")]
#[actix_web::post("/v1/officer/mosip/random-keys/transfer")]
pub async fn transfer(edge: web::Data<Edge>, officer: Officer) -> Result<HttpResponse, Problem> {
    // Its master key may have to be made first, and somebody else may be making either.
    for _ in 0..4 {
        let caller = officer.0.clone();
        let found = edge.perform(&edge.plain, move |operations, _| import::random_key_transfer(operations, &caller));
        let due = match found.await {
            Ok(recorded) => return Ok(HttpResponse::Ok().json(RandomKeyTransfer { certificate: recorded.outcome.0 })),
            Err(OperationError::Mosip(Fault::Due(name))) => name,
            Err(error) => return Err(problem_of(&error)),
        };
        let caller = officer.0.clone();
        let made =
            edge.perform(&edge.making, move |operations, record| mosip::renew(operations, record, &caller, &due));
        match made.await {
            Ok(_) | Err(OperationError::Conflict(_)) => {}
            Err(error) => return Err(problem_of(&error)),
        }
        edge.reload().await.map_err(|error| problem_of(&error))?;
    }
    Err(problem_of(&OperationError::Conflict("key-exists")))
}

/// Takes random keys in, each under its number.
#[documented(post, path = "/v1/officer/mosip/random-keys", operation_id = "mosip_import_random_keys", request_body = ImportRandomKeys, responses((status = 200, body = RandomKeysImported)), tag = "officer")]
#[actix_web::post("/v1/officer/mosip/random-keys")]
pub async fn import_keys(
    edge: web::Data<Edge>,
    officer: Officer,
    body: StrictJson<ImportRandomKeys>,
) -> Result<HttpResponse, Problem> {
    let keys = body.0.keys;
    if !(1..=MOST).contains(&keys.len()) {
        return Err(problem_of(&OperationError::invalid("keys", "must be 1 to 200 keys")));
    }
    let incoming = |ImportRandomKey { number, key, seals }| IncomingRandomKey { number, encrypted: Some(key.0), seals };
    let asked = ToMigrate { keys: keys.into_iter().map(incoming).collect(), ends_transfer: false };
    let migrated = edge
        .perform(&edge.making, move |operations, record| {
            import::take_random_keys(operations, record, &officer.0, &asked)
        })
        .await
        .map_err(|error| problem_of(&error))?
        .outcome;
    edge.reload().await.map_err(|error| problem_of(&error))?;
    let became = |(number, became)| {
        let outcome = match became {
            Migration::Taken => RandomKeyOutcome::Imported,
            Migration::Same => RandomKeyOutcome::Unchanged,
            Migration::Exists => RandomKeyOutcome::Differs,
            Migration::Refused => RandomKeyOutcome::Refused,
        };
        RandomKeyImported { number, outcome }
    };
    Ok(HttpResponse::Ok().json(RandomKeysImported { keys: migrated.into_iter().map(became).collect() }))
}
