//! `GET /getAllCertificates?applicationId=&referenceId=`

use actix_web::{HttpRequest, HttpResponse, web::Data};
use km_formats::mosip::time;
use km_operations::mosip::{self, Listed};
use serde::Serialize;

use super::{Dialect, endpoint::Endpoint, get_certificate::Asked};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct All {
    all_certificates: Vec<One>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One {
    certificate_data: String,
    issued_at: String,
    expiry_at: String,
    key_id: String,
}

impl From<Listed> for One {
    fn from(listed: Listed) -> Self {
        Self {
            certificate_data: listed.certificate,
            issued_at: time::with_zone(listed.issued),
            expiry_at: time::with_zone(listed.expires),
            key_id: listed.key_id,
        }
    }
}

/// Every certificate of a key, oldest first: clients make their key set of them.
#[actix_web::get("/getAllCertificates")]
pub async fn get_all_certificates(dialect: Data<Dialect>, request: HttpRequest) -> HttpResponse {
    let endpoint = Endpoint::GetAllCertificates;
    dialect
        .serve_query(endpoint, &request, async |caller, asked: Asked| {
            let name = asked.name(endpoint)?;
            let who = caller.clone();
            let listed = dialect.perform(endpoint, &dialect.edge.plain, &caller, move |operations, _| {
                mosip::all_certificates(operations, &who, &name)
            });
            Ok(All { all_certificates: listed.await?.into_iter().map(One::from).collect() })
        })
        .await
}
