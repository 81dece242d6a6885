//! The door for backends, caseworkers and auditors: server TLS and a bearer token. Every handler reads the request, calls
//! one use case, answers.

pub mod batch;
mod caller;
pub mod data_keys;
pub mod enrol;
pub mod exports;
pub mod keys;
pub mod log;
pub mod me_keys;
mod openapi;
pub mod random;
pub mod well_known;

pub use caller::Authenticated;
pub use openapi::Bearer;

use actix_web::web::{Data, ServiceConfig};
use km_service::docs_page;

use crate::{edge::Edge, error};

/// The routes of this door.
pub fn routes(edge: Edge) -> impl Fn(&mut ServiceConfig) + Send + Clone + 'static {
    let docs = docs_page::routes(openapi::document(), "Sealkeep key manager", error::documented());
    let edge = Data::new(edge);
    move |routes| {
        routes
            .app_data(edge.clone())
            // Routes are tried in this order: the busy ones first.
            .service(keys::encrypt::encrypt)
            .service(keys::decrypt::decrypt)
            .service(keys::rewrap::rewrap)
            .service(keys::sign::sign)
            .service(keys::verify::verify)
            .service(keys::mac::mac)
            .service(data_keys::create)
            .service(data_keys::unwrap)
            .service(random::random)
            .service(me_keys::enrol)
            .service(me_keys::own)
            .service(enrol::enrol)
            .service(exports::create)
            .service(exports::fetch)
            .service(log::checkpoint)
            .service(log::events)
            .service(log::proof)
            .service(well_known::jwks)
            .service(keys::list::list)
            .service(keys::show::show)
            .configure(docs.clone());
    }
}
