//! `GET /license/permission?tspId=&licenseKey=`

use actix_web::{HttpRequest, HttpResponse, web::Data};
use km_domain::SecretText;
use km_operations::mosip::{self, LicenseKey};
use serde::{Deserialize, Serialize};

use super::{Dialect, endpoint::Endpoint};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    #[serde(default)]
    tsp_id: String,
    #[serde(default)]
    license_key: String,
}

#[derive(Serialize)]
struct Answer {
    permissions: Vec<String>,
}

/// What a license key permits.
#[actix_web::get("/license/permission")]
pub async fn license_permissions(dialect: Data<Dialect>, request: HttpRequest) -> HttpResponse {
    let endpoint = Endpoint::LicensePermissions;
    dialect
        .serve_query(endpoint, &request, async |caller, asked: Asked| {
            let who = caller.clone();
            let license = LicenseKey { provider: asked.tsp_id, license: SecretText::new(asked.license_key) };
            let found = dialect.perform(endpoint, &dialect.edge.token, &caller, move |operations, _| {
                mosip::license_permissions(operations, &who, &license)
            });
            Ok(Answer { permissions: found.await? })
        })
        .await
}
