//! `GET /v1/officer/rewrap`

use actix_web::{HttpResponse, web};
use km_api::rewrap::{IndexVersions, RewrapStatus, VersionCount};
use km_operations::records;
use km_service::Problem;
use utoipa::path as documented;

use super::caller::Officer;
use crate::{edge::Edge, error::problem_of};

/// How many subject keys are left on each version of the tenant's key-encryption key.
#[documented(get, path = "/v1/officer/rewrap", operation_id = "rewrap_status", responses((status = 200, body = RewrapStatus)), tag = "officer")]
#[actix_web::get("/v1/officer/rewrap")]
pub async fn rewrap(edge: web::Data<Edge>, officer: Officer) -> Result<HttpResponse, Problem> {
    let status = edge
        .perform(&edge.plain, move |operations, _| records::status_for(operations, &officer.0))
        .await
        .map_err(|error| problem_of(&error))?
        .outcome;
    Ok(HttpResponse::Ok().json(RewrapStatus {
        key_encryption: status
            .key_encryption
            .into_iter()
            .map(|(version, state, subject_keys)| VersionCount { version, state, subject_keys })
            .collect(),
        index: status
            .index
            .into_iter()
            .map(|index| IndexVersions {
                register: index.register.to_string(),
                field: index.field.to_string(),
                kind: index.kind.name().to_owned(),
                current: index.current,
                live: index.live,
            })
            .collect(),
    }))
}
