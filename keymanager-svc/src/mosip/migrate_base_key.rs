//! `POST /migrateBaseKey`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::time;
use km_operations::mosip::{self, KeyName};
use serde::Deserialize;

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    lenient::{Constraint, Members, Text},
    upload_certificate::Status,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    encrypted_key_data: Option<Text<'a>>,
    #[serde(borrow, default)]
    certificate_data: Option<Text<'a>>,
    #[serde(borrow, default)]
    not_before: Option<Text<'a>>,
    #[serde(borrow, default)]
    not_after: Option<Text<'a>>,
}

/// What stands for a private key that there is none of.
const NONE: &str = "NA";

fn read(call: &Call) -> Result<(KeyName, String), Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let application = members.required("applicationId", asked.application_id.as_ref(), Constraint::Filled);
    let reference = members.required("referenceId", asked.reference_id.as_ref(), Constraint::Filled);
    let key = members.required("encryptedKeyData", asked.encrypted_key_data.as_ref(), Constraint::Filled);
    let certificate = members.required("certificateData", asked.certificate_data.as_ref(), Constraint::Filled);
    // The certificate says both too.
    members.moment("notBefore", asked.not_before.as_ref());
    members.moment("notAfter", asked.not_after.as_ref());
    if !key.trim().is_empty() && key.trim() != NONE {
        members.fault("encryptedKeyData", "must be NA: private keys come in by kmctl import-mosip");
    }
    members.end()?;
    Ok((named(Endpoint::MigrateBaseKey, application, reference)?, certificate.to_owned()))
}

/// Takes in another party's certificate from another installation. Private keys do not come this way.
#[actix_web::post("/migrateBaseKey")]
pub async fn migrate_base_key(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::MigrateBaseKey;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (who, (name, certificate)) = (call.caller.clone(), read(&call)?);
            let taken = dialect
                .change(endpoint, move |operations, _| {
                    mosip::migrate_certificate(operations, &who, &name, &certificate)
                })
                .await?;
            let status = if taken { "Migration Success" } else { "Migration Not Allowed. Valid Key Exists." };
            let now = dialect.edge.parts.operations.clock.now();
            Ok(Status { status, timestamp: time::without_zone(now) })
        })
        .await
}
