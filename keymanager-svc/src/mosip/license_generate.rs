//! `POST /license/generate`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_operations::mosip::{self, NewLicense};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Members, Text},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    tsp_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    license_expiry_time: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    license_key: String,
}

fn read(call: &Call) -> Result<NewLicense, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let expires = members.moment("licenseExpiryTime", asked.license_expiry_time.as_ref());
    if Members::optional(asked.license_expiry_time.as_ref()).is_empty() {
        members.fault("licenseExpiryTime", "should not be null or empty");
    }
    members.end()?;
    let provider = Members::optional(asked.tsp_id.as_ref()).to_owned();
    let expires = expires.ok_or_else(Refusal::internal)?;
    Ok(NewLicense { provider, expires })
}

/// Makes a license key for a provider.
#[actix_web::post("/license/generate")]
pub async fn license_generate(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::LicenseGenerate;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (who, asked, lane) = (call.caller.clone(), read(&call)?, &dialect.edge.token);
            let made = dialect.perform(endpoint, lane, &call.caller, move |operations, _| {
                mosip::generate_license(operations, &who, &asked)
            });
            Ok(Answer { license_key: made.await?.expose().to_owned() })
        })
        .await
}
