//! `PUT /revokeKey`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::time;
use km_operations::mosip;
use serde::Deserialize;

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    get_certificate::named,
    lenient::{Constraint, Members, Text},
    upload_certificate::Status,
};

/// `disableAutoGen`, which the dialect has and does not heed, is passed over with whatever else nobody knows.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
}

/// Takes the current key out of use; it opens and verifies on.
#[actix_web::put("/revokeKey")]
pub async fn revoke_key(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::RevokeKey;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let who = call.caller.clone();
            let asked: Asked<'_> = call.request()?;
            let mut members = Members::default();
            let application = members.required("applicationId", asked.application_id.as_ref(), Constraint::Filled);
            let reference = members.required("referenceId", asked.reference_id.as_ref(), Constraint::Filled);
            members.end()?;
            let name = named(endpoint, application, reference)?;
            let now = dialect.change(endpoint, move |operations, _| mosip::revoke(operations, &who, &name)).await?;
            Ok(Status { status: "Key Revoked", timestamp: time::without_zone(now) })
        })
        .await
}
