//! `POST /jwtEncrypt`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretText;
use km_formats::mosip::time;
use km_operations::mosip::{self, ToSealMessage};
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
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
    #[serde(default)]
    enable_def_compression: Option<Flag>,
    #[serde(default)]
    include_certificate: Option<Flag>,
    #[serde(default)]
    include_cert_hash: Option<Flag>,
    #[serde(borrow, default)]
    jwk_set_url: Option<Text<'a>>,
    #[serde(borrow, default)]
    x509_certificate: Option<Text<'a>>,
}

/// The answer of `jwtEncrypt` and `jwtDecrypt`.
#[derive(Serialize)]
pub struct Answer {
    pub data: Option<String>,
    pub timestamp: String,
}

fn read(call: Call) -> Result<ToSealMessage, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let text = members.required("data", asked.data.as_ref(), Constraint::Filled);
    members.end()?;
    let application = Members::optional(asked.application_id.as_ref());
    let reference = Members::optional(asked.reference_id.as_ref());
    let owned = |member: Option<&Text<'_>>| match Members::optional(member) {
        "" => None,
        text => Some(text.to_owned()),
    };
    Ok(ToSealMessage {
        name: named(Endpoint::JwtEncrypt, application, reference)?,
        text: SecretText::new(text.trim().to_owned()),
        compressed: asked.enable_def_compression.and_then(|flag| flag.0).unwrap_or(true),
        with_certificate: is_true(asked.include_certificate),
        with_hash: is_true(asked.include_cert_hash),
        key_set_url: owned(asked.jwk_set_url.as_ref()),
        certificate: owned(asked.x509_certificate.as_ref()),
    })
}

/// Seals a signature or JSON as a JWE, to the certificate that is sent along or to the current one of a base key.
#[actix_web::post("/jwtEncrypt")]
pub async fn jwt_encrypt(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::JwtEncrypt;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let asked = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.plain);
            let sealed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::jwt_encrypt(operations, &who, &asked))
                .await?;
            Ok(Answer { data: Some(sealed.jwe), timestamp: time::without_zone(sealed.now) })
        })
        .await
}
