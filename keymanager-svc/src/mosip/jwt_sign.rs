//! `POST /jwtSign`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::mosip::{jws::AdditionalHeaders, text, time};
use km_operations::mosip::{self, Certificates, Parts, Signed, ToSign};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    lenient::{Constraint, Flag, Members, Pairs, Text, is_true},
};

/// What `jwtSign` and its second form are sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    data_to_sign: Option<Text<'a>>,
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(default)]
    include_payload: Option<Flag>,
    #[serde(default)]
    include_certificate: Option<Flag>,
    #[serde(default)]
    include_certificate_chain: Option<Flag>,
    #[serde(default)]
    include_cert_hash: Option<Flag>,
    #[serde(borrow, default)]
    certificate_url: Option<Text<'a>>,
    #[serde(default)]
    additional_headers: Option<Pairs>,
}

/// The answer of every call that makes a JWS.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    jwt_signed_data: String,
    timestamp: String,
}

impl From<Signed> for Answer {
    fn from(signed: Signed) -> Self {
        Self { jwt_signed_data: signed.jws, timestamp: time::without_zone(signed.now) }
    }
}

/// Which certificates the first form of a call asks for.
pub fn own(certificate: Option<Flag>) -> Certificates {
    if is_true(certificate) { Certificates::Own } else { Certificates::None }
}

/// Which certificates the second form of a call asks for.
pub fn chain(certificates: Option<Flag>) -> Certificates {
    if is_true(certificates) { Certificates::Chain } else { Certificates::None }
}

/// The headers that the second form of a call adds.
///
/// # Errors
/// One of them decides what is verified, stands twice, or is named in `crit` and not there.
pub fn additional(given: Option<Pairs>) -> Result<Option<AdditionalHeaders>, Refusal> {
    let checked = given.map(|pairs| AdditionalHeaders::new(pairs.0)).transpose();
    checked.map_err(|error| Refusal::invalid(vec![format!("request.{error}")]))
}

fn read(endpoint: Endpoint, call: Call) -> Result<ToSign, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let data = members.required("dataToSign", asked.data_to_sign.as_ref(), Constraint::Unblank);
    members.end()?;
    let application = Members::optional(asked.application_id.as_ref());
    let reference = Members::optional(asked.reference_id.as_ref());
    let url = Members::optional(asked.certificate_url.as_ref());
    let payload = text::decode(data.trim()).map_err(|_| Refusal::not_base64())?;
    let (certificates, additional) = match endpoint {
        Endpoint::JwtSignV2 => (chain(asked.include_certificate_chain), additional(asked.additional_headers)?),
        _ => (own(asked.include_certificate), None),
    };
    Ok(ToSign {
        name: named(endpoint, application, reference)?,
        payload: SecretBytes::new(payload.unwrap_or_default()),
        parts: Parts {
            payload: is_true(asked.include_payload),
            certificates,
            thumbprint: is_true(asked.include_cert_hash),
            url: (!url.is_empty()).then(|| url.to_owned()),
            additional,
        },
    })
}

/// Answers either form of the call.
pub async fn answer(endpoint: Endpoint, dialect: &Dialect, request: &HttpRequest, payload: Payload) -> HttpResponse {
    dialect
        .serve(endpoint, request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let asked = dialect.off_the_wire(is_large, move || read(endpoint, call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let signed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::jwt_sign(operations, &who, &asked))
                .await?;
            Ok(Answer::from(signed))
        })
        .await
}

/// Signs bytes as a JWS, attached or detached, with the current key of an application.
#[actix_web::post("/jwtSign")]
pub async fn jwt_sign(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(Endpoint::JwtSign, &dialect, &request, payload).await
}
