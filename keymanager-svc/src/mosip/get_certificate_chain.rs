//! `GET /getCertificateChain?applicationId=&referenceId=`

use actix_web::{HttpRequest, HttpResponse, web::Data};
use km_formats::mosip::time;
use km_operations::mosip;
use serde::Serialize;

use super::{Dialect, endpoint::Endpoint, get_certificate::Asked};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    certificates_trust_path: String,
    timestamp: String,
}

/// The certificates from the current one up to the root, as a PKCS #7 text block.
#[actix_web::get("/getCertificateChain")]
pub async fn get_certificate_chain(dialect: Data<Dialect>, request: HttpRequest) -> HttpResponse {
    let endpoint = Endpoint::GetCertificateChain;
    dialect
        .serve_query(endpoint, &request, async |caller, asked: Asked| {
            let name = asked.name(endpoint)?;
            let who = caller.clone();
            let found = dialect.perform(endpoint, &dialect.edge.plain, &caller, move |operations, _| {
                mosip::chain(operations, &who, &name)
            });
            let (path, now) = found.await?;
            Ok(Answer { certificates_trust_path: path, timestamp: time::without_zone(now) })
        })
        .await
}
