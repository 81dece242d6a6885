//! `POST /v1/officer/certificates/{serial}/revoke`

use actix_web::{HttpResponse, web};
use km_operations::certificates;
use km_service::Problem;
use utoipa::path as documented;

use super::caller::Officer;
use crate::{edge::Edge, error::problem_of, jobs};

/// Revokes a certificate under the service root; every listener refuses it from the next request on.
#[documented(post, path = "/v1/officer/certificates/{serial}/revoke", params(("serial" = String, Path)), responses((status = 204)), tag = "officer")]
#[actix_web::post("/v1/officer/certificates/{serial}/revoke")]
pub async fn revoke(
    edge: web::Data<Edge>,
    serial: web::Path<String>,
    officer: Officer,
) -> Result<HttpResponse, Problem> {
    edge.with_token(move |operations, _| certificates::revoke(operations, &officer.0, &serial))
        .await
        .map_err(|error| problem_of(&error))?;
    jobs::revocation::apply(&edge).await.map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::NoContent().finish())
}
