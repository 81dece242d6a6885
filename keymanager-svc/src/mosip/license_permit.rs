//! `POST /license/permission`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretText;
use km_operations::mosip::{self, LicenseKey};
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
    license_key: Option<Text<'a>>,
    #[serde(borrow, default)]
    permissions: Option<Vec<Option<Text<'a>>>>,
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
}

/// Permissions of one call.
const MOST: usize = 100;

fn read(call: &Call) -> Result<(LicenseKey, Vec<String>), Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let permissions = asked.permissions.unwrap_or_default();
    // Without any it would be the end of those that the license has.
    if permissions.is_empty() || permissions.len() > MOST {
        members.fault("permissions", "must be 1 to 100");
    }
    members.end()?;
    let license = LicenseKey {
        provider: Members::optional(asked.tsp_id.as_ref()).to_owned(),
        license: SecretText::new(Members::optional(asked.license_key.as_ref()).to_owned()),
    };
    Ok((license, permissions.iter().map(|text| Members::optional(text.as_ref()).to_owned()).collect()))
}

/// Sets what a license key permits.
#[actix_web::post("/license/permission")]
pub async fn license_permit(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::LicensePermit;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (who, (license, permissions)) = (call.caller.clone(), read(&call)?);
            let done = dialect.perform(endpoint, &dialect.edge.token, &call.caller, move |operations, _| {
                mosip::permit_license(operations, &who, &license, &permissions)
            });
            done.await?;
            Ok(Answer { status: "Mapped License with the permissions" })
        })
        .await
}
