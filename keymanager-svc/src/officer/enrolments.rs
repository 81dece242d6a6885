//! `GET /v1/officer/enrolments` and `POST /v1/officer/enrolments/{id}/approve`

use actix_web::{HttpResponse, http::StatusCode, web};
use km_api::readers::{ApproveEnrolment, Enrolment, Enrolments};
use km_operations::{
    Operations, Record,
    readers::{self, EnrolledKey},
};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use super::caller::Officer;
use crate::{
    edge::Edge,
    error::problem_of,
    idempotency::{self, IdempotencyKey},
    rest::me_keys::state as enrolment_state,
};

/// Enrolled keys of readers and senders, those that wait among them.
#[documented(get, path = "/v1/officer/enrolments", operation_id = "list_enrolments", responses((status = 200, body = Enrolments)), tag = "officer")]
#[actix_web::get("/v1/officer/enrolments")]
pub async fn list(edge: web::Data<Edge>, officer: Officer) -> Result<HttpResponse, Problem> {
    let found = edge
        .perform(&edge.plain, move |operations, _| readers::waiting(operations, &officer.0))
        .await
        .map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::Ok().json(Enrolments { enrolments: found.outcome.iter().map(describe).collect() }))
}

/// Makes a waiting key active. Nobody approves their own.
#[documented(post, path = "/v1/officer/enrolments/{id}/approve", operation_id = "approve_enrolment", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters")), request_body = ApproveEnrolment, responses((status = 200, body = Enrolment)), tag = "officer")]
#[actix_web::post("/v1/officer/enrolments/{id}/approve")]
pub async fn approve(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    officer: Officer,
    key: IdempotencyKey,
    body: StrictJson<ApproveEnrolment>,
) -> Result<HttpResponse, Problem> {
    let request_key = key.of(&officer.0, &format!("POST /v1/officer/enrolments/{id}/approve"), &body.0)?;
    let operation = move |operations: &Operations, _: &Record| readers::approve(operations, &officer.0, &id);
    let answer = idempotency::once(&edge, &edge.token, request_key, operation, |approved| {
        idempotency::json(StatusCode::OK, &describe(approved))
    });
    let answer = answer.await.map_err(|error| problem_of(&error))?;
    edge.reload().await.map_err(|error| problem_of(&error))?;
    Ok(idempotency::response(answer))
}

fn describe(key: &EnrolledKey) -> Enrolment {
    let (issuer, subject) = key.principal.rsplit_once('#').unwrap_or(("", &key.principal));
    Enrolment {
        id: key.thumbprint.clone(),
        state: enrolment_state(key.standing),
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        requested: key.created,
    }
}
