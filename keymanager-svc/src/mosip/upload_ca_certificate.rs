//! `POST /uploadCACertificate`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::time;
use km_operations::mosip::{self, Uploaded};

use super::{Call, Dialect, endpoint::Endpoint, upload_certificate::Status, verify_certificate_trust::Asked};

/// Takes authorities of a partner domain, and their revocation lists, into its trust store.
#[actix_web::post("/uploadCACertificate")]
pub async fn upload_ca_certificate(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::UploadCaCertificate;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let who = call.caller.clone();
            let (certificates, domain) = call.request::<Asked<'_>>()?.read()?;
            let (uploaded, now) = dialect
                .change(endpoint, move |operations, _| {
                    mosip::upload_authorities(operations, &who, &domain, &certificates)
                })
                .await?;
            let status = match uploaded {
                Uploaded::All => "Upload Success.",
                Uploaded::Some => "Partial Upload Success.",
                Uploaded::None => "Upload Failed.",
            };
            Ok(Status { status, timestamp: time::without_zone(now) })
        })
        .await
}
