//! `POST /jwtSign`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::mosip::{text, time};
use km_operations::mosip::{self, Parts, ToSign};
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
    data_to_sign: Option<Text<'a>>,
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(default)]
    include_payload: Option<Flag>,
    #[serde(default)]
    include_certificate: Option<Flag>,
    #[serde(default)]
    include_cert_hash: Option<Flag>,
    #[serde(borrow, default)]
    certificate_url: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    jwt_signed_data: String,
    timestamp: String,
}

fn read(call: Call) -> Result<ToSign, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let data = members.required("dataToSign", asked.data_to_sign.as_ref(), Constraint::Unblank);
    members.end()?;
    let application = Members::optional(asked.application_id.as_ref());
    let reference = Members::optional(asked.reference_id.as_ref());
    let url = Members::optional(asked.certificate_url.as_ref());
    let payload = text::decode(data.trim()).map_err(|_| Refusal::not_base64())?;
    Ok(ToSign {
        name: named(Endpoint::JwtSign, application, reference)?,
        payload: SecretBytes::new(payload.unwrap_or_default()),
        parts: Parts {
            payload: is_true(asked.include_payload),
            certificate: is_true(asked.include_certificate),
            thumbprint: is_true(asked.include_cert_hash),
            url: (!url.is_empty()).then(|| url.to_owned()),
        },
    })
}

/// Signs bytes as a JWS, attached or detached, with the current key of an application.
#[actix_web::post("/jwtSign")]
pub async fn jwt_sign(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::JwtSign;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let asked = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let signed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::jwt_sign(operations, &who, &asked))
                .await?;
            Ok(Answer { jwt_signed_data: signed.jws, timestamp: time::without_zone(signed.now) })
        })
        .await
}
