//! `GET /getCACertificateTrustPath/{caCertId}`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use km_formats::mosip::time;
use km_operations::mosip;
use serde::Serialize;

use super::{Dialect, endpoint::Endpoint, get_partner_certificate::Nothing};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(rename = "p7bFile")]
    bundle: String,
    timestamp: String,
}

/// The certificates from an authority's up to its root, as a PKCS #7 text block.
#[actix_web::get("/getCACertificateTrustPath/{id}")]
pub async fn get_ca_certificate_trust_path(
    dialect: Data<Dialect>,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let endpoint = Endpoint::GetCaCertificateTrustPath;
    dialect
        .serve_query(endpoint, &request, async |caller, _: Nothing| {
            let (who, id) = (caller.clone(), id.into_inner());
            let found = dialect.perform(endpoint, &dialect.edge.plain, &caller, move |operations, _| {
                mosip::trust_path(operations, &who, &id)
            });
            let (bundle, now) = found.await?;
            Ok(Answer { bundle, timestamp: time::without_zone(now) })
        })
        .await
}
