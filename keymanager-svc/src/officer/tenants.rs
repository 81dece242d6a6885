//! `POST /v1/officer/tenants`

use actix_web::{HttpResponse, http::StatusCode, web};
use km_api::tenants::{CreateTenant, TenantMade};
use km_operations::{OperationError, Operations, Record, tenants};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use super::caller::Officer;
use crate::{
    edge::Edge,
    error::problem_of,
    idempotency::{self, IdempotencyKey},
};

/// Makes a tenant with its keys: 201 with what was made, 200 with nothing where the tenant is complete. Only for officers of
/// the operators' tenant. One that was interrupted is finished by asking again.
#[documented(post, path = "/v1/officer/tenants", operation_id = "create_tenant", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters")), request_body = CreateTenant, responses((status = 201, body = TenantMade), (status = 200, body = TenantMade)), tag = "officer")]
#[actix_web::post("/v1/officer/tenants")]
pub async fn create(
    edge: web::Data<Edge>,
    officer: Officer,
    key: IdempotencyKey,
    body: StrictJson<CreateTenant>,
) -> Result<HttpResponse, Problem> {
    let request_key = key.of(&officer.0, "POST /v1/officer/tenants", &body.0)?;
    let name = body.0.name;
    if let Some(request_key) = &request_key
        && let Some(kept) = idempotency::before(&edge, request_key).await.map_err(|error| problem_of(&error))?
    {
        return Ok(idempotency::response(kept));
    }
    let mut made = Vec::new();
    loop {
        let (caller, tenant) = (officer.0.clone(), name.clone());
        let step = edge
            .perform(&edge.making, move |operations, record| tenants::create_step(operations, record, &caller, &tenant))
            .await
            .map(|done| done.outcome);
        match step {
            Ok(Some(thing)) => made.push(thing),
            Ok(None) => break,
            // Somebody else is at it too.
            Err(OperationError::Conflict("tenant-exists" | "key-exists")) => {}
            Err(error) => return Err(problem_of(&error)),
        }
        edge.reload().await.map_err(|error| problem_of(&error))?;
    }
    let operation = move |_: &Operations, _: &Record| tenants::made(made.clone());
    let answer = idempotency::once(&edge, &edge.plain, request_key, operation, move |made| {
        let status = if made.is_empty() { StatusCode::OK } else { StatusCode::CREATED };
        idempotency::json(status, &TenantMade { name: name.clone(), made: made.clone() })
    });
    Ok(idempotency::response(answer.await.map_err(|error| problem_of(&error))?))
}
