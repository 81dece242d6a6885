//! `POST /encryptWithPin`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretText;
use km_formats::mosip::text;
use km_operations::mosip;
use serde::Deserialize;

use super::{
    Call, Dialect,
    encrypt::Answer,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Constraint, Members, Text},
};

/// What both `encryptWithPin` and `decryptWithPin` are sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
    #[serde(borrow, default)]
    user_pin: Option<Text<'a>>,
}

/// The request of either: the data as it was sent, and the PIN. Its body is wiped here.
///
/// # Errors
/// A member that is missing or of another type.
pub fn read(call: Call) -> Result<(SecretText, SecretText), Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let data = members.required("data", asked.data.as_ref(), Constraint::Filled);
    let pin = members.required("userPin", asked.user_pin.as_ref(), Constraint::Filled);
    members.end()?;
    Ok((SecretText::new(data.to_owned()), SecretText::new(pin.to_owned())))
}

/// Encrypts a text under a PIN.
#[actix_web::post("/encryptWithPin")]
pub async fn encrypt_with_pin(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::EncryptWithPin;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let (data, pin) = dialect.off_the_wire(is_large, move || read(call)).await?;
            let who = caller.clone();
            let sealed = dialect
                .perform_slowly(endpoint, &caller, move |operations, _| {
                    mosip::encrypt_with_pin(operations, &who, &pin, &data)
                })
                .await?;
            dialect.off_the_wire(is_large, move || Ok(Answer { data: text::encode(&sealed) })).await
        })
        .await
}
