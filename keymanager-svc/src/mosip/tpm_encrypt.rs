//! `POST /tpmencrypt`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::mosip::text;
use km_operations::mosip::{self, ClientType, ToSealClient};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Constraint, Members, Text},
};

/// What both `tpmencrypt` and `tpmdecrypt` are sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    value: Option<Text<'a>>,
    #[serde(borrow, default)]
    public_key: Option<Text<'a>>,
    #[serde(borrow, default)]
    client_type: Option<Text<'a>>,
}

/// The answer of either.
#[derive(Serialize)]
pub struct Answer {
    /// base64url without padding; null for nothing.
    pub value: Option<String>,
}

/// Reads the request of `tpmencrypt` or `tpmdecrypt`; its body is wiped here.
///
/// # Errors
/// A member that is missing, of another type, or not base64.
pub fn read(call: Call) -> Result<ToSealClient, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let value = members.required("value", asked.value.as_ref(), Constraint::Filled);
    let key = members.required("publicKey", asked.public_key.as_ref(), Constraint::Filled);
    let client = client_type(&mut members, asked.client_type.as_ref());
    members.end()?;
    let decoded =
        |text: &str| text::decode(text.trim()).map(Option::unwrap_or_default).map_err(|_| Refusal::not_base64());
    Ok(ToSealClient { plaintext: SecretBytes::new(decoded(value)?), key: decoded(key)?, client })
}

/// The kind of a client; a client that says nothing is a common computer.
pub fn client_type(members: &mut Members, member: Option<&Text<'_>>) -> ClientType {
    match Members::optional(member) {
        "" | "LOCAL" => ClientType::Local,
        "ANDROID" => ClientType::Android,
        "TPM" => ClientType::Tpm,
        _ => {
            members.fault("clientType", "must be TPM, ANDROID or LOCAL");
            ClientType::Local
        }
    }
}

/// Encrypts to a client's key.
#[actix_web::post("/tpmencrypt")]
pub async fn tpm_encrypt(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::TpmEncrypt;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let asked = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.plain);
            let sealed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::client_seal(operations, &who, &asked))
                .await?;
            dialect.off_the_wire(is_large, move || Ok(Answer { value: text::encode(&sealed) })).await
        })
        .await
}
