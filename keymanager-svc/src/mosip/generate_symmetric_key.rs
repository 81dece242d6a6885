//! `POST /generateSymmetricKey`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::time;
use km_operations::mosip::{self, Make, Names, Order};
use serde::Deserialize;

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    get_certificate::named,
    lenient::{Constraint, Flag, Members, Text, is_true},
    upload_certificate::Status,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    application_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reference_id: Option<Text<'a>>,
    #[serde(default)]
    force: Option<Flag>,
}

/// Makes an AES-256 key in the token, unless one is current and none is forced.
#[actix_web::post("/generateSymmetricKey")]
pub async fn generate_symmetric_key(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::GenerateSymmetricKey;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let who = call.caller.clone();
            let asked: Asked<'_> = call.request()?;
            let mut members = Members::default();
            let application = members.required("applicationId", asked.application_id.as_ref(), Constraint::Filled);
            let reference = members.required("referenceId", asked.reference_id.as_ref(), Constraint::Filled);
            members.end()?;
            let name = named(endpoint, application, reference)?;
            let (make, force) = (Make::Symmetric, is_true(asked.force));
            let order = Order { name, make, force, subject: Names::default() };
            let is_new = dialect
                .change(endpoint, move |operations, record| mosip::generate(operations, record, &who, &order))
                .await?;
            let status = if is_new { "Generation Success" } else { "Key Exists." };
            let now = dialect.edge.parts.operations.clock.now();
            Ok(Status { status, timestamp: time::without_zone(now) })
        })
        .await
}
