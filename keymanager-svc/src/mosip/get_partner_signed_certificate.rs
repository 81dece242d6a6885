//! `GET /getPartnerSignedCertificate/{partnerCertId}`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use km_formats::mosip::time;
use serde::Serialize;

use super::{
    Dialect,
    endpoint::Endpoint,
    get_partner_certificate::{Nothing, found},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    ca_signed_certificate_data: String,
    mosip_signed_certificate_data: String,
    timestamp: String,
}

/// The certificate that a partner brought, and the one that we issued for its key.
#[actix_web::get("/getPartnerSignedCertificate/{id}")]
pub async fn get_partner_signed_certificate(
    dialect: Data<Dialect>,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let endpoint = Endpoint::GetPartnerSignedCertificate;
    dialect
        .serve_query(endpoint, &request, async |caller, _: Nothing| {
            let found = found(&dialect, endpoint, caller, id.into_inner()).await?;
            Ok(Answer {
                ca_signed_certificate_data: found.own,
                mosip_signed_certificate_data: found.issued,
                timestamp: time::without_zone(found.now),
            })
        })
        .await
}
