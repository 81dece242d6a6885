//! `POST /coseVerify1`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::identifiers::from_hex;
use km_operations::mosip::{Presented, ToVerify};
use serde::Deserialize;

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    jwt_verify::answer,
    lenient::{Constraint, Flag, Members, Text, is_true},
};

/// What `coseVerify1` and `cwtVerify` are sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    cose_signed_data: Option<Text<'a>>,
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    certificate_data: Option<Text<'a>>,
    #[serde(borrow, default)]
    issuer: Option<Text<'a>>,
    #[serde(borrow, default)]
    subject: Option<Text<'a>>,
    #[serde(default)]
    validate_trust: Option<Flag>,
    #[serde(borrow, default)]
    domain: Option<Text<'a>>,
    /// Ours: the moment at which the signature is judged.
    #[serde(borrow, default)]
    as_of: Option<Text<'a>>,
}

/// What either call is sent.
///
/// # Errors
/// A member is missing or not of its type.
pub fn read(endpoint: Endpoint, call: Call) -> Result<ToVerify, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let hex = members.required("coseSignedData", asked.cose_signed_data.as_ref(), Constraint::Unblank);
    let as_of = members.moment("asOf", asked.as_of.as_ref());
    members.end()?;
    let application = Members::optional(asked.application_id.as_ref());
    let reference = Members::optional(asked.reference_id.as_ref());
    let owned = |member: Option<&Text<'_>>| match Members::optional(member) {
        "" => None,
        text => Some(text.to_owned()),
    };
    let message = from_hex(hex.trim()).unwrap_or_default();
    let signature = match endpoint {
        Endpoint::CwtVerify => Presented::Cwt {
            token: message,
            issuer: owned(asked.issuer.as_ref()),
            subject: owned(asked.subject.as_ref()),
        },
        _ => Presented::Cose(message),
    };
    Ok(ToVerify {
        signature,
        name: named(endpoint, application, reference)?,
        certificate: owned(asked.certificate_data.as_ref()),
        validate_trust: is_true(asked.validate_trust),
        domain: owned(asked.domain.as_ref()),
        as_of,
    })
}

/// Verifies a COSE_Sign1, as `jwtVerify` verifies a JWS.
#[actix_web::post("/coseVerify1")]
pub async fn cose_verify1(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(Endpoint::CoseVerify1, &dialect, &request, payload, read).await
}
