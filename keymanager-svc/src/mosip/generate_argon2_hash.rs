//! `POST /generateArgon2Hash`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretText;
use km_formats::mosip::text;
use km_operations::mosip;
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
    input_data: Option<Text<'a>>,
    #[serde(borrow, default)]
    salt: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    hash_value: Option<String>,
    salt: Option<String>,
}

/// The text and the caller's salt, as it stands and decoded.
type Read = (SecretText, Option<(String, Vec<u8>)>);

fn read(call: Call) -> Result<Read, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let input = members.required("inputData", asked.input_data.as_ref(), Constraint::Filled);
    members.end()?;
    let salt = Members::optional(asked.salt.as_ref()).trim();
    let decoded = text::decode(salt).map_err(|_| Refusal::not_base64())?;
    Ok((SecretText::new(input.to_owned()), decoded.map(|decoded| (salt.to_owned(), decoded))))
}

/// Hashes a text with the caller's salt or with a new one.
#[actix_web::post("/generateArgon2Hash")]
pub async fn generate_argon2_hash(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::GenerateArgon2Hash;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let (input, salt) = dialect.off_the_wire(is_large, move || read(call)).await?;
            let said = salt.as_ref().map(|(said, _)| said.clone());
            let who = caller.clone();
            let hashed = dialect
                .perform_slowly(endpoint, &caller, move |operations, _| {
                    let salt = salt.as_ref().map(|(_, salt)| salt.as_slice());
                    mosip::argon2_hash(operations, &who, &input, salt)
                })
                .await?;
            Ok(Answer {
                hash_value: text::encode(hashed.hash.expose()),
                salt: said.or_else(|| text::encode(&hashed.salt)),
            })
        })
        .await
}
