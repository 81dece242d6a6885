//! `POST /cwtSign`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::{
    json,
    mosip::{identifiers::from_hex, text},
};
use km_operations::mosip::{self, ToClaim, ToSignCose};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Call, Dialect,
    cose_sign1::{Answer, header},
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    lenient::{Members, Text},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    payload: Option<Text<'a>>,
    #[serde(borrow, default, rename = "claim169Payload")]
    claim_169: Option<Text<'a>>,
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
    #[serde(borrow, default)]
    issuer: Option<Text<'a>>,
    #[serde(borrow, default)]
    subject: Option<Text<'a>>,
    #[serde(borrow, default)]
    audience: Option<Text<'a>>,
    #[serde(borrow, default)]
    expire_days: Option<Text<'a>>,
    #[serde(borrow, default)]
    not_before_days: Option<Text<'a>>,
    // The dialect's library writes the name of this member without capitals.
    #[serde(borrow, default, rename = "cwtid", alias = "CWTId", alias = "cwtId")]
    id: Option<Text<'a>>,
}

/// More days than a calendar of tokens has room for.
const LONGEST: i64 = 36_500;

fn read(call: Call) -> Result<(ToSignCose, ToClaim), Refusal> {
    let asked: Asked<'_> = call.request()?;
    let payload = Members::optional(asked.payload.as_ref()).trim();
    let claim_169 = Members::optional(asked.claim_169.as_ref()).trim();
    if payload.is_empty() && claim_169.is_empty() {
        return Err(Refusal::nothing_to_claim());
    }
    let application = Members::optional(asked.application_id.as_ref());
    let reference = Members::optional(asked.reference_id.as_ref());
    let owned = |member: Option<&Text<'_>>| match Members::optional(member).trim() {
        "" => None,
        text => Some(text.to_owned()),
    };
    let claimed = ToClaim {
        others: members_of(payload)?,
        claim_169: match claim_169 {
            "" => None,
            hex => Some(SecretBytes::new(from_hex(hex).ok_or_else(Refusal::payload_malformed)?)),
        },
        issuer: owned(asked.issuer.as_ref()),
        subject: owned(asked.subject.as_ref()),
        audience: owned(asked.audience.as_ref()),
        expire_days: days("expireDays", asked.expire_days.as_ref())?,
        begin_days: days("notBeforeDays", asked.not_before_days.as_ref())?,
        id: owned(asked.id.as_ref()),
    };
    let to_sign = ToSignCose {
        name: named(Endpoint::CwtSign, application, reference)?,
        protected: header(asked.protected_header),
        unprotected: header(asked.unprotected_header),
        algorithm: Members::optional(asked.algorithm.as_ref()).trim().to_owned(),
    };
    Ok((to_sign, claimed))
}

/// The members of a payload: base64url of a JSON object, or the object itself.
fn members_of(payload: &str) -> Result<Map<String, Value>, Refusal> {
    if payload.is_empty() {
        return Ok(Map::new());
    }
    let bytes = match payload.starts_with('{') {
        true => payload.as_bytes().to_vec(),
        false => text::decode(payload).map_err(|_| Refusal::not_base64())?.unwrap_or_default(),
    };
    match json::strict(&bytes) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(Refusal::payload_malformed()),
    }
}

fn days(name: &'static str, member: Option<&Text<'_>>) -> Result<Option<u32>, Refusal> {
    match Members::optional(member).trim() {
        "" => Ok(None),
        text => match text.parse::<i64>() {
            Ok(negative) if negative < 0 => Err(Refusal::negative(name)),
            Ok(days) if days <= LONGEST => Ok(u32::try_from(days).ok()),
            _ => Err(Refusal::invalid(vec![format!("request.{name} must be a number of days, at most {LONGEST}")])),
        },
    }
}

/// Signs claims as a CBOR Web Token.
#[actix_web::post("/cwtSign")]
pub async fn cwt_sign(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::CwtSign;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let (asked, claimed) = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let signed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| {
                    mosip::cwt_sign(operations, &who, &asked, &claimed)
                })
                .await?;
            dialect.off_the_wire(is_large, move || Ok(Answer::from(signed))).await
        })
        .await
}
