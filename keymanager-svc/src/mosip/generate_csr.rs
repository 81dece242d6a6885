//! `POST /generateCSR`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::time;
use km_operations::mosip::{self, DefaultName};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    generate_master_key::{Asked, Read},
    get_certificate::KeyPair,
};

/// A request for a certificate for the current key, which is made where it may be.
#[actix_web::post("/generateCSR")]
pub async fn generate_csr(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::GenerateCsr;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let caller = call.caller.clone();
            let Read { name, subject, .. } = call.request::<Asked<'_>>()?.read(endpoint)?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let asked = dialect.perform(endpoint, lane, &caller, move |operations, _| {
                mosip::request(operations, &who, &name, &subject, DefaultName::Bare)
            });
            let made = asked.await?;
            Ok(KeyPair {
                certificate: None,
                cert_sign_request: Some(made.request),
                issued_at: time::with_zone(made.certificate.0),
                expiry_at: time::with_zone(made.certificate.1),
                timestamp: time::with_zone(made.now),
            })
        })
        .await
}
