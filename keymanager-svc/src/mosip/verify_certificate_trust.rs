//! `POST /verifyCertificateTrust`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_operations::mosip;
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Constraint, Members, Text},
};

/// Certificates and the domain that they are for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked<'a> {
    #[serde(borrow, default)]
    certificate_data: Option<Text<'a>>,
    #[serde(borrow, default)]
    partner_domain: Option<Text<'a>>,
}

impl Asked<'_> {
    /// The certificates as they were sent, and the domain.
    ///
    /// # Errors
    /// A member is missing.
    pub fn read(&self) -> Result<(String, String), Refusal> {
        let mut members = Members::default();
        let certificates = members.required("certificateData", self.certificate_data.as_ref(), Constraint::Filled);
        let domain = members.required("partnerDomain", self.partner_domain.as_ref(), Constraint::Filled);
        let read = (certificates.to_owned(), domain.to_owned());
        members.end().map(|()| read)
    }
}

#[derive(Serialize)]
struct Answer {
    status: bool,
}

/// Says whether a certificate leads to a root of a domain.
#[actix_web::post("/verifyCertificateTrust")]
pub async fn verify_certificate_trust(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::VerifyCertificateTrust;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, who) = (call.caller.clone(), call.caller.clone());
            let (pem, domain) = call.request::<Asked<'_>>()?.read()?;
            dialect.ask_status(&caller, &domain, mosip::first_certificate(&pem).into_iter().collect()).await;
            let verified = dialect.perform(endpoint, &dialect.edge.plain, &caller, move |operations, _| {
                mosip::verify_trust(operations, &who, &domain, &pem)
            });
            Ok(Answer { status: verified.await? })
        })
        .await
}
