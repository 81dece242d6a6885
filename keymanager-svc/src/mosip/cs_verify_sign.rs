//! `POST /csverifysign`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::mosip::text;
use km_operations::mosip::{self, ToVerifyClient};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Constraint, Members, Text},
    tpm_encrypt::client_type,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    public_key: Option<Text<'a>>,
    #[serde(borrow, default)]
    client_type: Option<Text<'a>>,
}

#[derive(Serialize)]
struct Answer {
    verified: bool,
}

fn read(call: Call) -> Result<ToVerifyClient, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let data = members.required("data", asked.data.as_ref(), Constraint::Filled);
    let signature = members.required("signature", asked.signature.as_ref(), Constraint::Filled);
    let key = members.required("publicKey", asked.public_key.as_ref(), Constraint::Filled);
    // All kinds of clients sign alike, but a word that is none is refused as elsewhere.
    client_type(&mut members, asked.client_type.as_ref());
    members.end()?;
    let decoded =
        |text: &str| text::decode(text.trim()).map(Option::unwrap_or_default).map_err(|_| Refusal::not_base64());
    let message = SecretBytes::new(decoded(data)?);
    Ok(ToVerifyClient { message, signature: decoded(signature)?, key: decoded(key)? })
}

/// Verifies a client's signature with the key that comes with it.
#[actix_web::post("/csverifysign")]
pub async fn cs_verify_sign(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::CsVerifySign;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let asked = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.plain);
            let verified = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::client_verify(operations, &who, &asked));
            Ok(Answer { verified: verified.await? })
        })
        .await
}
