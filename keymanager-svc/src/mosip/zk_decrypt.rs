//! `POST /zkDecrypt`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::text;
use km_operations::mosip::{self, ToOpenZk};

use super::{
    Call, Dialect,
    endpoint::Endpoint,
    error::Refusal,
    zk_encrypt::{self, Answer, Named},
};

fn read(call: Call) -> Result<ToOpenZk, Refusal> {
    let read = zk_encrypt::read(call)?;
    let decoded = read.values.into_iter().map(|(name, value)| {
        let bytes = text::decode(value.expose()).map_err(|_| Refusal::not_base64())?;
        Ok((name, bytes.unwrap_or_default()))
    });
    Ok(ToOpenZk { id: read.id, values: decoded.collect::<Result<_, Refusal>>()? })
}

/// Opens what `zkEncrypt` sealed for this id.
#[actix_web::post("/zkDecrypt")]
pub async fn zk_decrypt(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::ZkDecrypt;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let asked = dialect.off_the_wire(is_large, move || read(call)).await?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let opened = dialect
                .perform(endpoint, lane, &caller, move |operations, _| mosip::zk_decrypt(operations, &who, &asked))
                .await?;
            let named = |(identifier, opened): (String, km_domain::SecretBytes)| {
                let value = std::str::from_utf8(opened.expose()).map_err(|_| Refusal::internal())?.to_owned();
                Ok(Named { identifier, value })
            };
            let zk_data_attributes =
                dialect.off_the_wire(is_large, move || opened.into_iter().map(named).collect()).await?;
            Ok(Answer { zk_data_attributes, encrypted_random_key: None, rankom_key_index: None })
        })
        .await
}
