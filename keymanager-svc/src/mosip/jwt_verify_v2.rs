//! `POST /jwtVerify/v2`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};

use super::{
    Dialect,
    endpoint::Endpoint,
    jwt_verify::{answer, read},
};

/// As `jwtVerify`; both look at whole chains.
#[actix_web::post("/jwtVerify/v2")]
pub async fn jwt_verify_v2(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(Endpoint::JwtVerifyV2, &dialect, &request, payload, read).await
}
