//! `/v1/officer/mosip/{authorities,partners}`: the trust stores of an existing MOSIP Keymanager moved in, one certificate at a time. Each
//! call does its thing once however often it is sent, so none has an idempotency key.

use actix_web::{HttpResponse, http::StatusCode, web};
use km_api::mosip_trust::{CertificateImported, CertificateOutcome, ImportAuthority, ImportPartner};
use km_operations::mosip::{IncomingAuthority, IncomingPartner, take_authority, take_partner};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use super::caller::Officer;
use crate::{edge::Edge, error::problem_of};

/// Takes an authority of a domain in: 201 where it was not there, 200 where it was.
#[documented(post, path = "/v1/officer/mosip/authorities", operation_id = "mosip_import_authority", request_body = ImportAuthority, responses((status = 201, body = CertificateImported), (status = 200, body = CertificateImported)), tag = "officer")]
#[actix_web::post("/v1/officer/mosip/authorities")]
pub async fn import_authority(
    edge: web::Data<Edge>,
    officer: Officer,
    body: StrictJson<ImportAuthority>,
) -> Result<HttpResponse, Problem> {
    let ImportAuthority { id, domain, certificate, created } = body.0;
    let incoming = IncomingAuthority { id: id.clone(), domain, certificate: certificate.0, created };
    let is_new = edge
        .with_token(move |operations, _| take_authority(operations, &officer.0, &incoming))
        .await
        .map_err(|error| problem_of(&error))?
        .outcome;
    answer(&edge, id, is_new).await
}

/// Takes a partner of a domain in: 201 where it was not there, 200 where it was.
#[documented(post, path = "/v1/officer/mosip/partners", operation_id = "mosip_import_partner", request_body = ImportPartner, responses((status = 201, body = CertificateImported), (status = 200, body = CertificateImported)), tag = "officer")]
#[actix_web::post("/v1/officer/mosip/partners")]
pub async fn import_partner(
    edge: web::Data<Edge>,
    officer: Officer,
    body: StrictJson<ImportPartner>,
) -> Result<HttpResponse, Problem> {
    let ImportPartner { id, domain, organization, certificate, issued, created } = body.0;
    let (certificate, issued) = (certificate.0, issued.0);
    let incoming = IncomingPartner { id: id.clone(), domain, organization, certificate, issued, created };
    let is_new = edge
        .with_token(move |operations, _| take_partner(operations, &officer.0, &incoming))
        .await
        .map_err(|error| problem_of(&error))?
        .outcome;
    answer(&edge, id, is_new).await
}

async fn answer(edge: &Edge, id: String, is_new: bool) -> Result<HttpResponse, Problem> {
    if !is_new {
        return Ok(HttpResponse::Ok().json(CertificateImported { id, outcome: CertificateOutcome::Unchanged }));
    }
    edge.reload().await.map_err(|error| problem_of(&error))?;
    let imported = CertificateImported { id, outcome: CertificateOutcome::Imported };
    Ok(HttpResponse::build(StatusCode::CREATED).json(imported))
}
