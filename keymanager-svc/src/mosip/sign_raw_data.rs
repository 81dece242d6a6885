//! `POST /signRawData`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::time;
use serde::Serialize;

use super::{Call, Dialect, endpoint::Endpoint, sign_v2::signed};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    signed_data: String,
    key_id: String,
    certificate: String,
    signature_algorithm: &'static str,
    timestamp: String,
}

/// As `signV2`; the answer says whose signature it is and how it was made.
#[actix_web::post("/signRawData")]
pub async fn sign_raw_data(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::SignRawData;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (signed, written) = signed(&dialect, endpoint, call).await?;
            Ok(Answer {
                signed_data: written.out(&signed.signature),
                key_id: signed.key_id,
                certificate: signed.certificate,
                signature_algorithm: signed.algorithm.name(),
                timestamp: time::with_zone(signed.now),
            })
        })
        .await
}
