//! `POST /v1/exports` and `GET /v1/exports/{id}`

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web,
};
use km_api::exports::{EventRange, Export, ExportState, NewExport};
use km_operations::{
    Operations, Record,
    exports::{self, ExportRequest},
};
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{
    edge::Edge,
    error::problem_of,
    idempotency::{self, IdempotencyKey},
    rest::Authenticated,
};

/// Exports a range of the log as a signed bundle that verifies without us.
#[documented(post, path = "/v1/exports", operation_id = "create_export", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters")), request_body = NewExport, responses((status = 201, body = Export)), tag = "log")]
#[actix_web::post("/v1/exports")]
pub async fn create(
    edge: web::Data<Edge>,
    caller: Authenticated,
    key: IdempotencyKey,
    body: StrictJson<NewExport>,
) -> Result<HttpResponse, Problem> {
    let request_key = key.of(&caller.0, "POST /v1/exports", &body.0)?;
    let NewExport { from, to, purpose, case } = body.0;
    let request = ExportRequest { from, to, purpose, case };
    let operation =
        move |operations: &Operations, record: &Record| exports::write(operations, record, &caller.0, &request);
    let answer = idempotency::once(&edge, &edge.jobs, request_key, operation, |made| {
        let range = EventRange { from: made.from, to: made.to };
        idempotency::json(StatusCode::CREATED, &Export { id: made.id.clone(), state: ExportState::Done, range })
    });
    let answer = answer.await.map_err(|error| problem_of(&error))?;
    let made: Export = serde_json::from_slice(&answer.body).map_err(Problem::internal)?;
    let location = HeaderValue::try_from(format!("/v1/exports/{}", made.id)).map_err(Problem::internal)?;
    let mut response = idempotency::response(answer);
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// A finished export, as a zip.
#[documented(get, path = "/v1/exports/{id}", operation_id = "fetch_export", params(("id" = String, Path)), responses((status = 200, content_type = "application/zip", body = Vec<u8>)), tag = "log")]
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
