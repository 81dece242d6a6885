//! `POST /encrypt`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::mosip::text;
use km_operations::mosip::{self, ToSeal};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    lenient::{Constraint, Members, Text},
};

/// What both `encrypt` and `decrypt` are sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked<'a> {
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    time_stamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
    #[serde(borrow, default)]
    salt: Option<Text<'a>>,
    #[serde(borrow, default)]
    aad: Option<Text<'a>>,
}

/// The request of either, checked and decoded.
pub struct Read {
    pub name: mosip::KeyName,
    pub data: SecretBytes,
    pub salt: Option<Vec<u8>>,
    pub aad: Option<Vec<u8>>,
}

/// Reads the request of `encrypt` or `decrypt`; its body is wiped here.
///
/// # Errors
/// A member that is missing, of another type, or not base64.
pub fn read(endpoint: Endpoint, call: Call) -> Result<Read, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let application = members.required("applicationId", asked.application_id.as_ref(), Constraint::Filled);
    members.time("timeStamp", asked.time_stamp.as_ref());
    let data = members.required("data", asked.data.as_ref(), Constraint::Filled);
    let salt = members.if_there("salt", asked.salt.as_ref());
    let aad = members.if_there("aad", asked.aad.as_ref());
    members.end()?;
    let name = named(endpoint, application, Members::optional(asked.reference_id.as_ref()))?;
    let decoded = |text| text::decode_optional(text).map_err(|_| Refusal::not_base64());
    Ok(Read {
        name,
        data: SecretBytes::new(decoded(Some(data))?.unwrap_or_default()),
        salt: decoded(salt)?,
        aad: decoded(aad)?,
    })
}

/// The answer of either.
#[derive(Serialize)]
pub struct Answer {
    /// base64url without padding; null for nothing.
    pub data: Option<String>,
}

/// Encrypts to the current certificate of a base key.
#[actix_web::post("/encrypt")]
pub async fn encrypt(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::Encrypt;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let read = dialect.off_the_wire(is_large, move || read(endpoint, call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.plain);
            let asked = ToSeal { name: read.name, plaintext: read.data, salt: read.salt, aad: read.aad };
            let sealed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::encrypt(operations, &who, &asked))
                .await?;
            dialect.off_the_wire(is_large, move || Ok(Answer { data: text::encode(&sealed) })).await
        })
        .await
}
