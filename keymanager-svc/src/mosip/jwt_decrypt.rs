//! `POST /jwtDecrypt`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretText;
use km_formats::mosip::{text, time};
use km_operations::mosip::{self, ToOpenMessage};
use serde::Deserialize;

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    get_certificate::named,
    jwt_encrypt::Answer,
    lenient::{Constraint, Members, Text},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    enc_data: Option<Text<'a>>,
}

/// Bytes that a small message may become when it is expanded. A large one has one of the few places, and may become as long as a body.
const MOST: usize = 16 * 1024 * 1024;

fn read(call: Call, most: usize) -> Result<ToOpenMessage, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let application = members.required("applicationId", asked.application_id.as_ref(), Constraint::Filled);
    let reference = members.required("referenceId", asked.reference_id.as_ref(), Constraint::Filled);
    let message = members.required("encData", asked.enc_data.as_ref(), Constraint::Filled);
    members.end()?;
    Ok(ToOpenMessage {
        name: named(Endpoint::JwtDecrypt, application, reference)?,
        message: SecretText::new(message.trim().to_owned()),
        most,
    })
}

/// Opens a JWE with the key whose certificate it names, whatever its age.
#[actix_web::post("/jwtDecrypt")]
pub async fn jwt_decrypt(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::JwtDecrypt;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let most = if is_large { dialect.bodies.most } else { MOST.min(dialect.bodies.most) };
            let asked = dialect.off_the_wire(is_large, move || read(call, most)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let opened = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::jwt_decrypt(operations, &who, &asked))
                .await?;
            let timestamp = time::without_zone(opened.now);
            let written = move || Ok(Answer { data: text::encode(opened.content.expose()), timestamp });
            dialect.off_the_wire(is_large, written).await
        })
        .await
}
