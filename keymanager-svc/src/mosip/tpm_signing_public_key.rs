//! `POST /tpmsigning/publickey`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::text;
use km_operations::mosip::{self, ClientKeyUse};
use serde::{Deserialize, Serialize};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    lenient::{Constraint, Members, Text},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    server_profile: Option<Text<'a>>,
}

/// The answer of both calls for a public key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    public_key: Option<String>,
}

/// The key with which signatures of `cssign` are verified.
#[actix_web::post("/tpmsigning/publickey")]
pub async fn tpm_signing_public_key(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::TpmSigningPublicKey;
    let found = async |call: Call| public_key(&dialect, endpoint, &call, ClientKeyUse::Signing).await;
    dialect.serve(endpoint, &request, payload, found).await
}

/// One of the public keys of this service. Which profile is asked for changes nothing.
///
/// # Errors
/// No profile is named; no such key.
pub async fn public_key(
    dialect: &Dialect,
    endpoint: Endpoint,
    call: &Call,
    which: ClientKeyUse,
) -> Result<Answer, Refusal> {
    let asked: Asked<'_> = call.request()?;
    let mut members = Members::default();
    members.required("serverProfile", asked.server_profile.as_ref(), Constraint::Filled);
    members.end()?;
    let (who, lane) = (call.caller.clone(), &dialect.edge.plain);
    let found = dialect
        .perform(endpoint, lane, &call.caller, move |operations, _| mosip::client_public_key(operations, &who, which));
    Ok(Answer { public_key: text::encode(&found.await?) })
}
