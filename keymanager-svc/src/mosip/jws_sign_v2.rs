//! `POST /jwsSign/v2`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};

use super::{Dialect, endpoint::Endpoint, jws_sign::answer};

/// As `jwsSign`, with the whole chain and with headers of the caller's.
#[actix_web::post("/jwsSign/v2")]
pub async fn jws_sign_v2(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(Endpoint::JwsSignV2, &dialect, &request, payload).await
}
