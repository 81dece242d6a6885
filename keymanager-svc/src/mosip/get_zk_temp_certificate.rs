//! `GET /getZKTempCertificate`

use actix_web::{HttpRequest, HttpResponse, web::Data};
use km_formats::mosip::time;
use km_operations::mosip;
use serde::Serialize;

use super::{Dialect, endpoint::Endpoint, get_partner_certificate::Nothing};

#[derive(Serialize)]
struct Answer {
    certificate: String,
    timestamp: String,
}

/// The certificate to which another installation encrypts its random keys on their way here; its key lives for a day.
#[actix_web::get("/getZKTempCertificate")]
pub async fn get_zk_temp_certificate(dialect: Data<Dialect>, request: HttpRequest) -> HttpResponse {
    let endpoint = Endpoint::GetZkTempCertificate;
    dialect
        .serve_query(endpoint, &request, async |caller, _: Nothing| {
            let who = caller.clone();
            let found = dialect.perform(endpoint, &dialect.edge.plain, &caller, move |operations, _| {
                mosip::zk_transfer_certificate(operations, &who)
            });
            let (certificate, now) = found.await?;
            Ok(Answer { certificate, timestamp: time::with_zone(now) })
        })
        .await
}
