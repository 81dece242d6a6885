//! The registry's REST listener: one file an endpoint, each parses, calls one operation, answers.

mod body;
mod caller;
mod idempotency;
mod kinds;
mod openapi;
mod path;
mod preconditions;
mod problems;
mod records;
mod registers;
mod status;
mod tokens;

use std::{future::Future, sync::Arc};

use actix_web::{rt, web};
use km_service::{Problem, docs_page, patience};

pub use tokens::Tokens;

use crate::{
    error::RegistryError,
    operations::{Caller, Registry, refuse},
};

/// What the handlers share.
pub struct Rest {
    pub registry: Arc<Registry>,
    pub tokens: Arc<Tokens>,
}

impl Rest {
    /// A failed request as its caller sees it, its refusal recorded where it is one of the registry's own.
    async fn fail(&self, caller: &Caller, register: &str, error: RegistryError) -> Problem {
        problems::problem(refuse::request(&self.registry, caller, register, error).await)
    }
}

/// Runs what changes something to its end, though its caller hangs up meanwhile: half done it would stand in the way of the
/// caller's next try.
async fn to_its_end<T: 'static>(work: impl Future<Output = T> + 'static) -> Result<T, Problem> {
    rt::spawn(patience::carried(work)).await.map_err(Problem::internal)
}

/// Every route, for [`km_service::Door::open`].
///
/// # Errors
/// The interface document cannot be written.
pub fn routes(rest: Rest) -> Result<impl Fn(&mut web::ServiceConfig) + Send + Clone + 'static, serde_json::Error> {
    let rest = web::Data::new(rest);
    let docs = docs_page::routes(openapi::document()?, "Sealkeep registry", kinds::ALL);
    Ok(move |routes: &mut web::ServiceConfig| {
        routes.app_data(rest.clone());
        docs(routes);
        routes
            .route("/v1/status", web::get().to(status::status))
            .route("/v1/registers", web::get().to(registers::list::list))
            .route("/v1/registers/{register}", web::get().to(registers::show::show))
            .service(
                web::resource("/v1/registers/{register}/records")
                    .route(web::get().to(records::list::list))
                    .route(web::post().to(records::bulk::bulk)),
            )
            .route("/v1/registers/{register}/records/find", web::post().to(records::find::find))
            .route("/v1/registers/{register}/records/open", web::post().to(records::open_many::open_many))
            .service(
                web::resource("/v1/registers/{register}/records/{id}")
                    .route(web::put().to(records::put::put))
                    .route(web::delete().to(records::erase::erase)),
            )
            .route("/v1/registers/{register}/records/{id}/open", web::post().to(records::open::open));
    })
}
