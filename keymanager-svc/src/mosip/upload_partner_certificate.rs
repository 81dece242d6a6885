//! `POST /uploadPartnerCertificate`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::{base64url, mosip::time};
use km_operations::mosip::{self, NewPartner};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Constraint, Members, Text},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    certificate_data: Option<Text<'a>>,
    #[serde(borrow, default)]
    organization_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    partner_domain: Option<Text<'a>>,
}

impl Asked<'_> {
    fn read(&self) -> Result<NewPartner, Refusal> {
        let mut members = Members::default();
        let mut required =
            |name, member: &Option<Text<'_>>| members.required(name, member.as_ref(), Constraint::Filled).to_owned();
        let new = NewPartner {
            certificate: required("certificateData", &self.certificate_data),
            organization: required("organizationName", &self.organization_name),
            domain: required("partnerDomain", &self.partner_domain),
        };
        members.end().map(|()| new)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    signed_certificate_data: String,
    certificate_id: String,
    timestamp: String,
}

/// Takes a partner's certificate in and answers with one of ours for the same key.
#[actix_web::post("/uploadPartnerCertificate")]
pub async fn upload_partner_certificate(
    dialect: Data<Dialect>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let endpoint = Endpoint::UploadPartnerCertificate;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let who = call.caller.clone();
            let new = call.request::<Asked<'_>>()?.read()?;
            dialect
                .ask_status(&who, &new.domain, mosip::first_certificate(&new.certificate).into_iter().collect())
                .await;
            let uploaded =
                dialect.change(endpoint, move |operations, _| mosip::upload_partner(operations, &who, &new)).await?;
            Ok(Answer {
                signed_certificate_data: base64url::encode(uploaded.bundle),
                certificate_id: uploaded.id,
                timestamp: time::without_zone(uploaded.now),
            })
        })
        .await
}
