//! `POST /zkReEncryptRandomKey?encryptedKey=`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_formats::mosip::text;
use km_operations::mosip;
use serde::{Deserialize, Serialize};

use super::{Dialect, endpoint::Endpoint, error::Refusal};

#[derive(Deserialize)]
struct Asked {
    #[serde(rename = "encryptedKey")]
    encrypted_key: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    encrypted_key: String,
}

/// Wraps a random key, which came encrypted to a recipient's certificate, for the recipient's own store.
#[actix_web::post("/zkReEncryptRandomKey")]
pub async fn zk_re_encrypt_random_key(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::ZkReEncryptRandomKey;
    dialect
        .serve_parameters(endpoint, &request, payload, async |caller, asked: Asked| {
            let missing =
                || Refusal::invalid(vec!["Required request parameter 'encryptedKey' is not present".to_owned()]);
            let encrypted = asked.encrypted_key.ok_or_else(missing)?;
            let (who, lane) = (caller.clone(), &dialect.edge.token);
            let wrapped = dialect.perform(endpoint, lane, &caller, move |operations, _| {
                mosip::zk_re_encrypt(operations, &who, encrypted.trim())
            });
            Ok(Answer { encrypted_key: text::encode_standard(&wrapped.await?) })
        })
        .await
}
