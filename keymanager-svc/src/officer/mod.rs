//! The officers' door: a client certificate of an officer's workstation and an access token with a fresh second factor.
//! Everything that creates, changes or destroys a key or a principal comes through here.

mod caller;
pub mod certificates;
pub mod enrolments;
pub mod import_mosip;
pub mod import_mosip_random;
pub mod import_mosip_trust;
pub mod keys;
mod openapi;
pub mod rewrap;
pub mod tenants;

use actix_web::web;
use km_service::docs_page;

use crate::{edge::Edge, error};

/// All routes of the door.
pub fn routes(edge: Edge) -> impl Fn(&mut web::ServiceConfig) + Send + Clone + 'static {
    let docs = docs_page::routes(openapi::document(), "Sealkeep key manager, officers' listener", error::documented());
    move |routes| {
        routes
            .app_data(web::Data::new(edge.clone()))
            .configure(docs.clone())
            .service(keys::create)
            .service(keys::rotate)
            .service(enrolments::list)
            .service(enrolments::approve)
            .service(rewrap::rewrap)
            .service(certificates::revoke)
            .service(tenants::create)
            .service(import_mosip::inventory)
            .service(import_mosip::transport_key)
            .service(import_mosip::set_policy)
            .service(import_mosip::import_alias)
            .service(import_mosip::prove_alias)
            .service(import_mosip_random::transfer)
            .service(import_mosip_random::import_keys)
            .service(import_mosip_trust::import_authority)
            .service(import_mosip_trust::import_partner);
    }
}
