//! `POST /decrypt`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::text;
use km_operations::mosip::{self, ToOpen};

use super::{
    Call, Dialect,
    encrypt::{Answer, read},
    endpoint::Endpoint,
};

/// Decrypts with the key whose certificate the data names, whatever its age.
#[actix_web::post("/decrypt")]
pub async fn decrypt(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::Decrypt;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let read = dialect.off_the_wire(is_large, move || read(endpoint, call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let asked = ToOpen { name: read.name, data: read.data, salt: read.salt, aad: read.aad };
            let opened = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::decrypt(operations, &who, &asked))
                .await?;
            dialect.off_the_wire(is_large, move || Ok(Answer { data: text::encode(opened.expose()) })).await
        })
        .await
}
