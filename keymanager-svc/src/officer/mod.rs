//! The officers' door: a client certificate of an officer's workstation and an access token with a fresh second factor.
//! Everything that creates, changes or destroys a key or a principal comes through here.

mod caller;
pub mod certificates;
pub mod enrolments;
pub mod keys;
pub mod rewrap;

use actix_web::web;

use crate::edge::Edge;

/// All routes of the door.
pub fn routes(edge: Edge) -> impl Fn(&mut web::ServiceConfig) + Send + Clone + 'static {
    move |routes| {
        routes
            .app_data(web::Data::new(edge.clone()))
            .service(keys::create)
            .service(keys::rotate)
            .service(enrolments::list)
            .service(enrolments::approve)
            .service(rewrap::rewrap)
            .service(certificates::revoke);
    }
}
