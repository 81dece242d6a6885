//! `POST /signV2`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::{
    base64url,
    mosip::{multibase::base58btc, text, time},
};
use km_operations::mosip::{self, RawSigned, ToSignRaw};
use serde::Deserialize;

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    lenient::{Constraint, Members, Text},
    sign::Answer,
};

/// What `signV2` and `signRawData` are sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    data_to_sign: Option<Text<'a>>,
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    response_encoding_format: Option<Text<'a>>,
    #[serde(borrow, default)]
    sign_algorithm: Option<Text<'a>>,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Base58,
    Base64,
}

impl Written {
    /// A signature in these letters.
    pub fn out(self, signature: &[u8]) -> String {
        match self {
            Self::Base58 => base58btc(signature),
            Self::Base64 => base64url::encode(signature),
        }
    }
}

/// The request of either.
///
/// # Errors
/// A member that is missing, of another type, not base64; a form in which nothing is written.
fn read(endpoint: Endpoint, call: Call) -> Result<(ToSignRaw, Written), Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let data = members.required("dataToSign", asked.data_to_sign.as_ref(), Constraint::Unblank);
    members.end()?;
    let written = match Members::optional(asked.response_encoding_format.as_ref()).trim() {
        "" | "base58btc" => Written::Base58,
        "base64url" => Written::Base64,
        _ => return Err(Refusal::no_such_encoding()),
    };
    let application = Members::optional(asked.application_id.as_ref());
    let reference = Members::optional(asked.reference_id.as_ref());
    let message = text::decode(data.trim()).map_err(|_| Refusal::not_base64())?;
    let to_sign = ToSignRaw {
        name: named(endpoint, application, reference)?,
        message: SecretBytes::new(message.unwrap_or_default()),
        algorithm: Members::optional(asked.sign_algorithm.as_ref()).trim().to_owned(),
    };
    Ok((to_sign, written))
}

/// Signs what either call was sent.
///
/// # Errors
/// What the request or the operation is refused with.
pub async fn signed(dialect: &Dialect, endpoint: Endpoint, call: Call) -> Result<(RawSigned, Written), Refusal> {
    let (caller, is_large) = (call.caller.clone(), call.is_large());
    let (asked, written) = dialect.off_the_wire(is_large, move || read(endpoint, call)).await?;
    let (who, lane) = (caller.clone(), &dialect.edge.token);
    let signed = dialect
        .perform(endpoint, lane, &caller, move |operations, _| mosip::sign_raw(operations, &who, &asked))
        .await?;
    Ok((signed, written))
}

/// Signs bytes with nothing around them.
#[actix_web::post("/signV2")]
pub async fn sign_v2(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::SignV2;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (signed, written) = signed(&dialect, endpoint, call).await?;
            Ok(Answer { signature: written.out(&signed.signature), timestamp: time::with_zone(signed.now) })
        })
        .await
}
