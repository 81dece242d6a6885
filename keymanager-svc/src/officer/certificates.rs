//! `POST /v1/officer/certificates/{serial}/revoke`

use actix_web::{HttpResponse, web};
use km_operations::{Operations, Record, certificates};
use km_service::Problem;
use utoipa::path as documented;

use super::caller::Officer;
use crate::{
    edge::Edge,
    error::problem_of,
    idempotency::{self, IdempotencyKey},
    jobs,
};

/// Revokes a certificate under the service root; every listener refuses it from the next request on.
#[documented(post, path = "/v1/officer/certificates/{serial}/revoke", operation_id = "revoke_certificate", params(("serial" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters")), responses((status = 204)), tag = "officer")]
#[actix_web::post("/v1/officer/certificates/{serial}/revoke")]
pub async fn revoke(
    edge: web::Data<Edge>,
    serial: web::Path<String>,
    officer: Officer,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let request_key = key.of(&officer.0, &format!("POST /v1/officer/certificates/{serial}/revoke"), &())?;
    let operation = move |operations: &Operations, _: &Record| certificates::revoke(operations, &officer.0, &serial);
    let answer = idempotency::once(&edge, &edge.token, request_key, operation, |()| idempotency::nothing());
    let answer = answer.await.map_err(|error| problem_of(&error))?;
    jobs::revocation::apply(&edge).await.map_err(|error| problem_of(&error))?;
    Ok(idempotency::response(answer))
}
