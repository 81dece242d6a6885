//! `POST /v1/enrol`

use actix_web::{HttpResponse, web};
use km_api::certificates::{EnrolService, IssuedCertificate};
use km_domain::SecretText;
use km_operations::certificates;
use km_service::{Problem, StrictJson};
use utoipa::path as documented;

use crate::{edge::Edge, error::problem_of, pem};

/// A service's first certificate, for a one-time token, which it uses up. Of the request only the public key is taken.
#[documented(post, path = "/v1/enrol", operation_id = "enrol_service", request_body = EnrolService, security(()), responses((status = 200, body = IssuedCertificate)), tag = "certificates")]
#[actix_web::post("/v1/enrol")]
pub async fn enrol(edge: web::Data<Edge>, body: StrictJson<EnrolService>) -> Result<HttpResponse, Problem> {
    let (token, csr) = (SecretText::new(body.0.token.clone()), body.0.csr.0.clone());
    let done = edge.with_token(move |operations, _| certificates::enrol(operations, &token, &csr)).await;
    let issued = done.map_err(|error| problem_of(&error))?.outcome;
    Ok(HttpResponse::Ok().json(IssuedCertificate {
        chain: issued.chain.iter().map(|der| pem::certificate(der)).collect(),
        root: pem::certificate(&issued.root),
    }))
}
