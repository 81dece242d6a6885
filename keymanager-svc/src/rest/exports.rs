//! `POST /v1/exports` and `GET /v1/exports/{id}`

use actix_web::{HttpResponse, http::header, web};
use km_api::exports::{EventRange, Export, ExportState, NewExport};
use km_operations::exports::{self, ExportRequest};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{edge::Edge, error::problem_of, rest::Authenticated};

/// Exports a range of the log as a signed bundle that verifies without us.
#[documented(post, path = "/v1/exports", request_body = NewExport, responses((status = 201, body = Export)), tag = "log")]
#[actix_web::post("/v1/exports")]
pub async fn create(
    edge: web::Data<Edge>,
    caller: Authenticated,
    body: StrictJson<NewExport>,
) -> Result<HttpResponse, Problem> {
    let NewExport { from, to, purpose, case } = body.0;
    let request = ExportRequest { from, to, purpose, case };
    let done = edge
        .perform(&edge.jobs, move |operations, record| exports::write(operations, record, &caller.0, &request))
        .await
        .map_err(|error| problem_of(&error))?;
    let made = done.outcome;
    let (location, range) = (format!("/v1/exports/{}", made.id), EventRange { from: made.from, to: made.to });
    let export = Export { id: made.id, state: ExportState::Done, range };
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(export))
}

/// A finished export, as a zip.
#[documented(get, path = "/v1/exports/{id}", params(("id" = String, Path)), responses((status = 200, content_type = "application/zip", body = Vec<u8>)), tag = "log")]
#[actix_web::get("/v1/exports/{id}")]
pub async fn fetch(
    edge: web::Data<Edge>,
    id: web::Path<String>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let found = edge.perform(&edge.plain, move |operations, _| exports::fetch(operations, &caller.0, &id)).await;
    let bundle = found.map_err(|error| problem_of(&error))?.outcome;
    let as_file = (header::CONTENT_DISPOSITION, "attachment; filename=\"export.zip\"");
    Ok(HttpResponse::Ok().content_type("application/zip").insert_header(as_file).body(bundle))
}
