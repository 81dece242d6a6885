//! `/v1/officer/mosip…`: an existing MOSIP Keymanager moved in, one alias at a time. Each call does its thing once however often it is
//! sent, so none has an idempotency key.

use actix_web::{HttpResponse, http::StatusCode, web};
use km_api::{
    Base64Url,
    mosip::{
        AliasImported, AliasOutcome, AliasProof, ImportAlias, MosipAlias, MosipInventory, MosipPolicy, MosipPolicySet,
        ProveAlias, SealedKey, TransportKey,
    },
    mosip_trust::MosipTrusted,
};
use km_domain::KeyVersionRef;
use km_operations::{
    OperationError,
    mosip::{
        KeyName, PolicyPlan,
        import::{self, Challenge, Incoming, IncomingKey, Taken},
    },
};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use super::caller::Officer;
use crate::{edge::Edge, error::problem_of};

/// What the dialect holds already.
#[documented(get, path = "/v1/officer/mosip", operation_id = "mosip_inventory", responses((status = 200, body = MosipInventory)), tag = "officer")]
#[actix_web::get("/v1/officer/mosip")]
pub async fn inventory(edge: web::Data<Edge>, officer: Officer) -> Result<HttpResponse, Problem> {
    let held = edge
        .perform(&edge.plain, move |operations, _| import::inventory(operations, &officer.0))
        .await
        .map_err(|error| problem_of(&error))?
        .outcome;
    let aliases = held.aliases.into_iter().map(|alias| MosipAlias {
        id: alias.id,
        application: alias.name.application,
        reference: alias.name.reference,
        kind: alias.kind.name().to_owned(),
        generated: alias.generated,
        expires: alias.expires,
        thumbprint: alias.thumbprint,
        serves: alias.serves,
    });
    let policies = held.policies.into_iter().map(|policy| MosipPolicy {
        application: policy.application,
        valid_days: policy.valid_days,
        early_days: policy.early_days,
        is_active: policy.is_active,
        access: policy.access,
    });
    Ok(HttpResponse::Ok().json(MosipInventory {
        aliases: aliases.collect(),
        policies: policies.collect(),
        authorities: held.authorities.into_iter().map(trusted).collect(),
        partners: held.partners.into_iter().map(trusted).collect(),
        now: held.now,
    }))
}

/// The key to which keys are sealed on their way in; made with the first call.
#[documented(post, path = "/v1/officer/mosip/transport-key", operation_id = "mosip_transport_key", responses((status = 200, body = TransportKey)), tag = "officer")]
#[actix_web::post("/v1/officer/mosip/transport-key")]
pub async fn transport_key(edge: web::Data<Edge>, officer: Officer) -> Result<HttpResponse, Problem> {
    // Once more for whoever made it, or came second.
    for _ in 0..3 {
        let caller = officer.0.clone();
        let step = edge.perform(&edge.making, move |operations, record| import::transport(operations, record, &caller));
        match step.await.map(|done| done.outcome) {
            Ok(Some(transport)) => {
                return Ok(HttpResponse::Ok().json(TransportKey {
                    key: transport.key,
                    padding: transport.form.padding.name().to_owned(),
                    sealing: transport.form.sealing.name().to_owned(),
                }));
            }
            Ok(None) | Err(OperationError::Conflict("key-exists")) => {}
            Err(error) => return Err(problem_of(&error)),
        }
        edge.reload().await.map_err(|error| problem_of(&error))?;
    }
    Err(problem_of(&OperationError::Conflict("key-exists")))
}

/// Sets the policy of an application.
#[documented(post, path = "/v1/officer/mosip/policies", operation_id = "mosip_set_policy", request_body = MosipPolicy, responses((status = 200, body = MosipPolicySet)), tag = "officer")]
#[actix_web::post("/v1/officer/mosip/policies")]
pub async fn set_policy(
    edge: web::Data<Edge>,
    officer: Officer,
    body: StrictJson<MosipPolicy>,
) -> Result<HttpResponse, Problem> {
    let MosipPolicy { application, valid_days, early_days, is_active, access } = body.0;
    name(&application, "")?;
    let plan = PolicyPlan { application, valid_days, early_days, is_active, access };
    let changed = edge
        .with_token(move |operations, _| import::set_policy(operations, &officer.0, &plan))
        .await
        .map_err(|error| problem_of(&error))?
        .outcome;
    edge.reload().await.map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::Ok().json(MosipPolicySet { changed }))
}

/// Takes an alias in: 201 where it was not there, 200 where it was.
#[documented(post, path = "/v1/officer/mosip/aliases", operation_id = "mosip_import_alias", request_body = ImportAlias, responses((status = 201, body = AliasImported), (status = 200, body = AliasImported)), tag = "officer")]
#[actix_web::post("/v1/officer/mosip/aliases")]
pub async fn import_alias(
    edge: web::Data<Edge>,
    officer: Officer,
    body: StrictJson<ImportAlias>,
) -> Result<HttpResponse, Problem> {
    let incoming = incoming(body.0)?;
    let id = incoming.id.clone();
    let taken = edge
        .perform(&edge.making, move |operations, record| import::take_alias(operations, record, &officer.0, &incoming))
        .await
        .map_err(|error| problem_of(&error))?
        .outcome;
    let (status, outcome) = match taken {
        Taken::New => (StatusCode::CREATED, AliasOutcome::Imported),
        Taken::Shortened => (StatusCode::OK, AliasOutcome::Shortened),
        Taken::Recertified => (StatusCode::OK, AliasOutcome::Recertified),
        Taken::Unchanged => (StatusCode::OK, AliasOutcome::Unchanged),
    };
    if taken != Taken::Unchanged {
        edge.reload().await.map_err(|error| problem_of(&error))?;
    }
    Ok(HttpResponse::build(status).json(AliasImported { id, outcome }))
}

/// Has a key answer a challenge, for whoever took it in.
#[documented(post, path = "/v1/officer/mosip/aliases/{id}/prove", operation_id = "mosip_prove_alias", params(("id" = String, Path)), request_body = ProveAlias, responses((status = 200, body = AliasProof)), tag = "officer")]
#[actix_web::post("/v1/officer/mosip/aliases/{id}/prove")]
pub async fn prove_alias(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    officer: Officer,
    body: StrictJson<ProveAlias>,
) -> Result<HttpResponse, Problem> {
    let challenge = Challenge(body.0.challenge.0);
    let answer = edge
        .with_token(move |operations, _| import::prove(operations, &officer.0, &id, &challenge))
        .await
        .map_err(|error| problem_of(&error))?
        .outcome;
    Ok(HttpResponse::Ok().json(AliasProof { answer: Base64Url(answer) }))
}

fn trusted(held: import::Trusted) -> MosipTrusted {
    MosipTrusted { id: held.id, domain: held.domain, thumbprint: held.thumbprint }
}

fn incoming(body: ImportAlias) -> Result<Incoming, Problem> {
    let key = match body.key {
        None => None,
        Some(SealedKey { transport, carrier, key }) => {
            let bad = || problem_of(&OperationError::invalid("key.transport", "must be ID.VERSION"));
            let transport = KeyVersionRef::parse(&transport).ok_or_else(bad)?;
            Some(IncomingKey {
                transport,
                sealed: km_operations::mosip::import::Sealed { carrier: carrier.0, key: key.0 },
            })
        }
    };
    Ok(Incoming {
        name: name(&body.application, &body.reference)?,
        id: body.id,
        generated: body.generated,
        expires: body.expires,
        unique_id: body.unique_id,
        certificate: body.certificate.map(|der| der.0).unwrap_or_default(),
        key,
        ended: body.ended,
        ends: body.ends,
    })
}

fn name(application: &str, reference: &str) -> Result<KeyName, Problem> {
    let bad = |field: &str, rule: &str| problem_of(&OperationError::invalid(field, rule));
    if application.is_empty() {
        return Err(bad("application", "must not be empty"));
    }
    KeyName::new(application, reference)
        .map_err(|_| bad("application", "application: at most 36 characters, reference: 128, all printable"))
}
