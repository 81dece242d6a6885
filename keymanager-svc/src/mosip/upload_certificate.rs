//! `POST /uploadCertificate`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::time;
use km_operations::mosip::{self, KeyName};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    lenient::{Constraint, Members, Text},
};

/// What an upload is sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked<'a> {
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    certificate_data: Option<Text<'a>>,
}

impl Asked<'_> {
    /// The key's name and the certificate, PEM.
    ///
    /// # Errors
    /// A member is missing; `reference`: the reference id too.
    pub fn read(&self, endpoint: Endpoint, with_reference: bool) -> Result<(KeyName, String), Refusal> {
        let mut members = Members::default();
        let application = members.required("applicationId", self.application_id.as_ref(), Constraint::Filled);
        if with_reference {
            members.required("referenceId", self.reference_id.as_ref(), Constraint::Filled);
        }
        let pem = members.required("certificateData", self.certificate_data.as_ref(), Constraint::Filled);
        members.end()?;
        let name = named(endpoint, application, Members::optional(self.reference_id.as_ref()))?;
        Ok((name, pem.to_owned()))
    }
}

/// That something was done, and when.
#[derive(Serialize)]
pub struct Status {
    pub status: &'static str,
    pub timestamp: String,
}

/// Puts a certificate that another authority issued to the current key.
#[actix_web::post("/uploadCertificate")]
pub async fn upload_certificate(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::UploadCertificate;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let who = call.caller.clone();
            let (name, pem) = call.request::<Asked<'_>>()?.read(endpoint, false)?;
            let now =
                dialect.change(endpoint, move |operations, _| mosip::install(operations, &who, &name, &pem)).await?;
            Ok(Status { status: "Upload Success", timestamp: time::without_zone(now) })
        })
        .await
}
