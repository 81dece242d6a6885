//! The addresses of the issuer, one file each.

mod authorize;
mod discovery;
mod jwks;
mod login_page;
mod oauth_error;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use actix_web::web;

use crate::issuer::Issuer;

/// The issuer as handlers get it.
pub type Shared = web::Data<Issuer>;

/// Adds every route.
pub fn routes(config: &mut web::ServiceConfig, issuer: &Arc<Issuer>) {
    config
        .app_data(web::Data::from(Arc::clone(issuer)))
        .route("/.well-known/openid-configuration", web::get().to(discovery::show))
        .route("/jwks", web::get().to(jwks::show))
        .route("/token", web::post().to(token::answer))
        .route("/authorize", web::get().to(authorize::begin))
        .route("/authorize", web::post().to(authorize::finish));
}
