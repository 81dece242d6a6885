//! `GET /getPartnerCertificate/{partnerCertId}`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use km_formats::mosip::time;
use km_operations::{
    Caller,
    mosip::{self, PartnerCertificates},
};
use serde::{Deserialize, Serialize};

use super::{Dialect, endpoint::Endpoint, error::Refusal};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    certificate_data: String,
    timestamp: String,
}

/// A query without members; whatever stands there is passed over.
#[derive(Deserialize)]
pub struct Nothing {}

/// The certificates of the partner with this id.
///
/// # Errors
/// There is none.
pub async fn found(
    dialect: &Dialect,
    endpoint: Endpoint,
    caller: Caller,
    id: String,
) -> Result<PartnerCertificates, Refusal> {
    let who = caller.clone();
    let found = dialect.perform(endpoint, &dialect.edge.plain, &caller, move |operations, _| {
        mosip::partner_certificates(operations, &who, &id)
    });
    found.await
}

/// The certificate that we issued for a partner's key.
#[actix_web::get("/getPartnerCertificate/{id}")]
pub async fn get_partner_certificate(dialect: Data<Dialect>, id: Path<String>, request: HttpRequest) -> HttpResponse {
    let endpoint = Endpoint::GetPartnerCertificate;
    dialect
        .serve_query(endpoint, &request, async |caller, _: Nothing| {
            let found = found(&dialect, endpoint, caller, id.into_inner()).await?;
            Ok(Answer { certificate_data: found.issued, timestamp: time::without_zone(found.now) })
        })
        .await
}
