//! `POST /coseSign1`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::mosip::{identifiers::lower_hex, text, time};
use km_operations::mosip::{self, CoseSigned, ToSignCose};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    lenient::{Constraint, Members, Text},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    payload: Option<Text<'a>>,
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(default)]
    protected_header: Option<Map<String, Value>>,
    #[serde(default)]
    unprotected_header: Option<Map<String, Value>>,
    #[serde(borrow, default)]
    algorithm: Option<Text<'a>>,
}

/// The answer of every call that signs in CBOR.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    signed_data: String,
    timestamp: String,
}

impl From<CoseSigned> for Answer {
    fn from(signed: CoseSigned) -> Self {
        Self { signed_data: lower_hex(&signed.message), timestamp: time::without_zone(signed.now) }
    }
}

/// A map of header parameters as it was sent; what is null is left out.
pub fn header(given: Option<Map<String, Value>>) -> Map<String, Value> {
    given.unwrap_or_default().into_iter().filter(|(_, value)| !value.is_null()).collect()
}

fn read(call: Call) -> Result<(ToSignCose, SecretBytes), Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let payload = members.required("payload", asked.payload.as_ref(), Constraint::Unblank);
    members.end()?;
    let application = Members::optional(asked.application_id.as_ref());
    let reference = Members::optional(asked.reference_id.as_ref());
    let payload = text::decode(payload.trim()).map_err(|_| Refusal::not_base64())?;
    let to_sign = ToSignCose {
        name: named(Endpoint::CoseSign1, application, reference)?,
        protected: header(asked.protected_header),
        unprotected: header(asked.unprotected_header),
        algorithm: Members::optional(asked.algorithm.as_ref()).trim().to_owned(),
    };
    Ok((to_sign, SecretBytes::new(payload.unwrap_or_default())))
}

/// Signs bytes as a COSE_Sign1.
#[actix_web::post("/coseSign1")]
pub async fn cose_sign1(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::CoseSign1;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let (asked, payload) = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let signed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| {
                    mosip::cose_sign(operations, &who, &asked, &payload)
                })
                .await?;
            dialect.off_the_wire(is_large, move || Ok(Answer::from(signed))).await
        })
        .await
}
