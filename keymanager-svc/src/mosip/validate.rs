//! `POST /validate`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretText;
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
    signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<Text<'a>>,
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
    message: &'static str,
}

fn read(call: Call) -> Result<(String, SecretText), Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    let signature = members.required("signature", asked.signature.as_ref(), Constraint::Unblank);
    let data = members.required("data", asked.data.as_ref(), Constraint::Unblank);
    members.time("timestamp", asked.timestamp.as_ref());
    members.end()?;
    Ok((signature.trim().to_owned(), SecretText::new(data.to_owned())))
}

/// Verifies what `sign` answered.
#[actix_web::post("/validate")]
pub async fn validate(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::Validate;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let (signature, data) = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.plain);
            dialect
                .perform(endpoint, lane, &caller, move |operations, _| {
                    mosip::validate_old(operations, &who, &signature, &data)
                })
                .await?;
            Ok(Answer { status: "success", message: "Validation Successful" })
        })
        .await
}
