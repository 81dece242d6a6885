//! The least of the MOSIP dialect's two calls that need no token: JSON, base64, and what the library computes. No access token, no log.

use std::path::Path;

use actix_web::{HttpResponse, post, web};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use km_crypto::PublicKey;
use km_crypto::gcm::OneTimeKey;
use km_crypto::jose::{JoseAlgorithm, VerifyingKey};
use km_crypto::oaep;
use serde_json::{Value, json};

/// Public keys, DER SubjectPublicKeyInfo.
pub struct Public {
    /// To whom is encrypted.
    pub recipient: Vec<u8>,
    /// Whose signatures are verified.
    pub signer: Vec<u8>,
}

const FILES: [&str; 2] = ["recipient.der", "signer.der"];

impl Public {
    pub fn write(&self, folder: &Path) {
        for (name, der) in FILES.into_iter().zip([&self.recipient, &self.signer]) {
            std::fs::write(folder.join(name), der).expect("a public key is written");
        }
    }

    pub fn read(folder: &Path) -> Option<Self> {
        let [recipient, signer] = FILES.map(|name| std::fs::read(folder.join(name)).ok());
        Some(Self { recipient: recipient?, signer: signer? })
    }
}

/// What a worker has.
struct Keys {
    recipient: PublicKey,
    signer: VerifyingKey,
}

pub fn serve(routes: &mut web::ServiceConfig, public: web::Data<Public>) {
    let keys = Keys {
        recipient: PublicKey::from_spki_der(&public.recipient).expect("an RSA key"),
        signer: VerifyingKey::from_spki_der(&public.signer).expect("an RSA key"),
    };
    routes.app_data(web::Data::new(keys)).service(encrypt).service(jwt_verify);
}

/// Layout A: a key drawn for the call, wrapped with OAEP; the AAD stands before the ciphertext and its first bytes are the IV.
#[post("/dialect/encrypt")]
async fn encrypt(keys: web::Data<Keys>, asked: web::Json<Value>) -> HttpResponse {
    let Some(text) = asked["request"]["data"].as_str() else { return HttpResponse::BadRequest().finish() };
    let Ok(plaintext) = URL_SAFE_NO_PAD.decode(text) else { return HttpResponse::BadRequest().finish() };
    let (key, aad) = (OneTimeKey::generate(), km_crypto::random::bytes::<32>());
    let Ok(mut data) = oaep::encrypt_sha256(&keys.recipient, key.expose()) else {
        return HttpResponse::BadRequest().finish();
    };
    data.extend_from_slice(&aad);
    let start = data.len();
    data.extend_from_slice(&plaintext);
    match key.seal(&aad[..12], &aad, &mut data, start) {
        Ok(()) => HttpResponse::Ok().json(json!({"response": {"data": URL_SAFE_NO_PAD.encode(data)}})),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}

#[post("/dialect/jwtVerify")]
async fn jwt_verify(keys: web::Data<Keys>, asked: web::Json<Value>) -> HttpResponse {
    let jws = asked["request"]["jwtSignatureData"].as_str().unwrap_or_default();
    let Some((signed, signature)) = jws.rsplit_once('.') else { return HttpResponse::BadRequest().finish() };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return HttpResponse::BadRequest().finish() };
    match keys.signer.verify(JoseAlgorithm::Rs256, signed.as_bytes(), &signature) {
        Ok(()) => HttpResponse::Ok().json(json!({"response": {"signatureValid": true}})),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}
