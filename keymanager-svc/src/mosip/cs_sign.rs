//! `POST /cssign`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
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

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
}

fn read(call: Call) -> Result<SecretBytes, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let data = members.required("data", asked.data.as_ref(), Constraint::Filled);
    members.end()?;
    let decoded = text::decode(data.trim()).map_err(|_| Refusal::not_base64())?;
    Ok(SecretBytes::new(decoded.unwrap_or_default()))
}

/// Signs with the key of this service.
#[actix_web::post("/cssign")]
pub async fn cs_sign(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::CsSign;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let message = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let signed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::client_sign(operations, &who, &message));
            Ok(Answer { data: text::encode(&signed.await?) })
        })
        .await
}
