//! `POST /tpmencryption/publickey`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_operations::mosip::ClientKeyUse;

use super::{Call, Dialect, endpoint::Endpoint, tpm_signing_public_key::public_key};

/// The key to which clients encrypt what `tpmdecrypt` opens.
#[actix_web::post("/tpmencryption/publickey")]
pub async fn tpm_encryption_public_key(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::TpmEncryptionPublicKey;
    let found = async |call: Call| public_key(&dialect, endpoint, &call, ClientKeyUse::Decrypting).await;
    dialect.serve(endpoint, &request, payload, found).await
}
