//! `POST /jwtVerify`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_operations::mosip::{self, Presented, ToVerify, Trust, Verified};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    lenient::{Constraint, Flag, Members, Text, is_true},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    jwt_signature_data: Option<Text<'a>>,
    #[serde(borrow, default)]
    actual_data: Option<Text<'a>>,
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    certificate_data: Option<Text<'a>>,
    #[serde(default)]
    validate_trust: Option<Flag>,
    #[serde(borrow, default)]
    domain: Option<Text<'a>>,
    /// Ours: the moment at which the signature is judged.
    #[serde(borrow, default)]
    as_of: Option<Text<'a>>,
}

/// The answer of every call that verifies.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    signature_valid: bool,
    message: &'static str,
    trust_valid: &'static str,
}

impl From<Verified> for Answer {
    fn from(verified: Verified) -> Self {
        let message = if verified.is_valid { "Validation Successful" } else { "Validation Failed" };
        Self { signature_valid: verified.is_valid, message, trust_valid: trust_text(verified.trust) }
    }
}

/// What either form of the call is sent.
///
/// # Errors
/// A member is missing or not of its type.
pub fn read(endpoint: Endpoint, call: Call) -> Result<ToVerify, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let jws = members.required("jwtSignatureData", asked.jwt_signature_data.as_ref(), Constraint::Unblank);
    let as_of = members.moment("asOf", asked.as_of.as_ref());
    members.end()?;
    let application = Members::optional(asked.application_id.as_ref());
    let reference = Members::optional(asked.reference_id.as_ref());
    let owned = |member: Option<&Text<'_>>| match Members::optional(member) {
        "" => None,
        text => Some(text.to_owned()),
    };
    Ok(ToVerify {
        signature: Presented::Jws { token: jws.trim().to_owned(), actual: owned(asked.actual_data.as_ref()) },
        name: named(endpoint, application, reference)?,
        certificate: owned(asked.certificate_data.as_ref()),
        validate_trust: is_true(asked.validate_trust),
        domain: owned(asked.domain.as_ref()),
        as_of,
    })
}

const fn trust_text(trust: Trust) -> &'static str {
    match trust {
        Trust::NotAsked => "TRUST_NOT_VERIFIED",
        Trust::NoDomain => "TRUST_NOT_VERIFIED_NO_DOMAIN",
        Trust::NoPath => "TRUST_CERT_PATH_NOT_VALID",
        Trust::Path => "TRUST_CERT_PATH_VALID",
    }
}

/// Answers every call that verifies; `read` reads what it is sent.
pub async fn answer(
    endpoint: Endpoint,
    dialect: &Dialect,
    request: &HttpRequest,
    payload: Payload,
    read: fn(Endpoint, Call) -> Result<ToVerify, Refusal>,
) -> HttpResponse {
    dialect
        .serve(endpoint, request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let asked = dialect.off_the_wire(is_large, move || read(endpoint, call)).await?;
            if let Some(domain) = &asked.domain {
                dialect.ask_status(&caller, domain, mosip::certificates_to_judge(&asked)).await;
            }
            let (who, lane) = (caller.clone(), &dialect.edge.plain);
            let verified = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::jwt_verify(operations, &who, &asked))
                .await?;
            Ok(Answer::from(verified))
        })
        .await
}

/// Verifies a JWS with the certificate of the application that is named, or with the one that is sent along.
#[actix_web::post("/jwtVerify")]
pub async fn jwt_verify(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(Endpoint::JwtVerify, &dialect, &request, payload, read).await
}
