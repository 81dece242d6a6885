//! `POST /jwsSign`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::{SecretBytes, SecretText};
use km_formats::mosip::text;
use km_operations::mosip::{self, Parts, ToSignJws};
use serde::Deserialize;

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    jwt_sign::{Answer, additional, chain, own},
    lenient::{Constraint, Flag, Members, Pairs, Text, is_true},
};

/// What `jwsSign` and its second form are sent.
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
    include_certificate_chain: Option<Flag>,
    #[serde(default)]
    include_cert_hash: Option<Flag>,
    #[serde(borrow, default)]
    certificate_url: Option<Text<'a>>,
    #[serde(default)]
    validate_json: Option<Flag>,
    #[serde(default, rename = "b64JWSHeaderParam")]
    encoded: Option<Flag>,
    #[serde(borrow, default)]
    sign_algorithm: Option<Text<'a>>,
    #[serde(default)]
    additional_headers: Option<Pairs>,
}

fn read(endpoint: Endpoint, call: Call) -> Result<ToSignJws, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let data = members.required("dataToSign", asked.data_to_sign.as_ref(), Constraint::Unblank).trim();
    members.end()?;
    let application = Members::optional(asked.application_id.as_ref());
    let reference = Members::optional(asked.reference_id.as_ref());
    let url = Members::optional(asked.certificate_url.as_ref());
    let payload = SecretBytes::new(text::decode(data).map_err(|_| Refusal::not_base64())?.unwrap_or_default());
    // The caller's own text is signed and carried, as long as it is in the alphabet of a JWS.
    let text = match data.contains(['+', '/']) {
        true => text::encode(payload.expose()).unwrap_or_default(),
        false => data.to_owned(),
    };
    let (certificates, additional) = match endpoint {
        Endpoint::JwsSignV2 => (chain(asked.include_certificate_chain), additional(asked.additional_headers)?),
        _ => (own(asked.include_certificate), None),
    };
    Ok(ToSignJws {
        name: named(endpoint, application, reference)?,
        payload,
        text: SecretText::new(text),
        parts: Parts {
            payload: is_true(asked.include_payload),
            certificates,
            thumbprint: is_true(asked.include_cert_hash),
            url: (!url.is_empty()).then(|| url.to_owned()),
            additional,
        },
        only_json: is_true(asked.validate_json),
        unencoded: !is_true(asked.encoded),
        algorithm: Members::optional(asked.sign_algorithm.as_ref()).trim().to_owned(),
    })
}

/// Answers either form of the call.
pub async fn answer(endpoint: Endpoint, dialect: &Dialect, request: &HttpRequest, payload: Payload) -> HttpResponse {
    dialect
        .serve(endpoint, request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let asked = dialect.off_the_wire(is_large, move || read(endpoint, call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let signed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::jws_sign(operations, &who, &asked))
                .await?;
            Ok(Answer::from(signed))
        })
        .await
}

/// Signs bytes as a JWS with the algorithm that the caller names; as they are, unless the caller asks for their base64url.
#[actix_web::post("/jwsSign")]
pub async fn jws_sign(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(Endpoint::JwsSign, &dialect, &request, payload).await
}
