//! `POST /sign`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretText;
use km_formats::mosip::time;
use km_operations::mosip;
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Constraint, Members, Text},
};

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
}

/// The answer of `sign` and `signV2`.
#[derive(Serialize)]
pub struct Answer {
    pub signature: String,
    pub timestamp: String,
}

fn read(call: Call) -> Result<SecretText, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let data = members.required("data", asked.data.as_ref(), Constraint::Unblank);
    members.end()?;
    Ok(SecretText::new(data.to_owned()))
}

/// Signs a text with KERNEL and SIGN, detached.
#[actix_web::post("/sign")]
pub async fn sign(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::Sign;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let data = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let signed = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::sign_old(operations, &who, &data))
                .await?;
            Ok(Answer { signature: signed.jws, timestamp: time::with_zone(signed.now) })
        })
        .await
}
