//! `POST /jwtSign/v2`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};

use super::{Dialect, endpoint::Endpoint, jwt_sign::answer};

/// As `jwtSign`, with the whole chain and with headers of the caller's.
#[actix_web::post("/jwtSign/v2")]
pub async fn jwt_sign_v2(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(Endpoint::JwtSignV2, &dialect, &request, payload).await
}
