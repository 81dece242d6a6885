//! The keys that verify tokens (RFC 7517).

use actix_web::HttpResponse;

use super::Shared;

pub async fn show(issuer: Shared) -> HttpResponse {
    HttpResponse::Ok().json(issuer.keys.jwks())
}
