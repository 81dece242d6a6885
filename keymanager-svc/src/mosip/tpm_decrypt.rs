//! `POST /tpmdecrypt`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::text;
use km_operations::mosip::{self, ToOpenClient};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    tpm_encrypt::{Answer, read},
};

/// Decrypts what a client encrypted to the key of this service.
#[actix_web::post("/tpmdecrypt")]
pub async fn tpm_decrypt(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::TpmDecrypt;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let read = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let asked = ToOpenClient { data: read.plaintext, key: read.key };
            let opened = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::client_open(operations, &who, &asked))
                .await?;
            dialect.off_the_wire(is_large, move || Ok(Answer { value: text::encode(opened.expose()) })).await
        })
        .await
}
