//! `GET /v1/officer/enrolments` and `POST /v1/officer/enrolments/{id}/approve`

use actix_web::{HttpResponse, web};
use km_api::readers::{ApproveEnrolment, Enrolment, Enrolments};
use km_operations::readers::{self, EnrolledKey};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use super::caller::Officer;
use crate::{edge::Edge, error::problem_of, rest::me_keys::state as enrolment_state};

/// Enrolled keys of readers and senders, those that wait among them.
#[documented(get, path = "/v1/officer/enrolments", responses((status = 200, body = Enrolments)), tag = "officer")]
#[actix_web::get("/v1/officer/enrolments")]
pub async fn list(edge: web::Data<Edge>, officer: Officer) -> Result<HttpResponse, Problem> {
    let found = edge
        .perform(&edge.plain, move |operations, _| readers::waiting(operations, &officer.0))
        .await
        .map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::Ok().json(Enrolments { enrolments: found.outcome.iter().map(describe).collect() }))
}

/// Makes a waiting key active. Nobody approves their own.
#[documented(post, path = "/v1/officer/enrolments/{id}/approve", params(("id" = String, Path)), request_body = ApproveEnrolment, responses((status = 200, body = Enrolment)), tag = "officer")]
#[actix_web::post("/v1/officer/enrolments/{id}/approve")]
pub async fn approve(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    officer: Officer,
    _body: StrictJson<ApproveEnrolment>,
) -> Result<HttpResponse, Problem> {
    let done = edge
        .with_token(move |operations, _| readers::approve(operations, &officer.0, &id))
        .await
        .map_err(|error| problem_of(&error))?;
    edge.reload().await.map_err(|error| problem_of(&error))?;
    Ok(HttpResponse::Ok().json(describe(&done.outcome)))
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
