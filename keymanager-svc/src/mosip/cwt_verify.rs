//! `POST /cwtVerify`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};

use super::{Dialect, cose_verify1::read, endpoint::Endpoint, jwt_verify::answer};

/// Verifies a CBOR Web Token: its signature, its times, and whom it names, where the caller says whom it must.
#[actix_web::post("/cwtVerify")]
pub async fn cwt_verify(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(Endpoint::CwtVerify, &dialect, &request, payload, read).await
}
