//! `POST /decryptWithPin`

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use km_domain::SecretBytes;
use km_formats::mosip::text;
use km_operations::mosip;

use super::{Call, Dialect, encrypt::Answer, encrypt_with_pin::read, endpoint::Endpoint, error::Refusal};

/// Decrypts what `encryptWithPin` answered; the text is answered as it is.
#[actix_web::post("/decryptWithPin")]
pub async fn decrypt_with_pin(dialect: Data<Dialect>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let endpoint = Endpoint::DecryptWithPin;
    dialect
        .serve(endpoint, &request, payload, async |call: Call| {
            let (caller, is_large) = (call.caller.clone(), call.is_large());
            let (data, pin) = dialect
                .off_the_wire(is_large, move || {
                    let (data, pin) = read(call)?;
                    let data = text::decode(data.expose().trim()).map_err(|_| Refusal::not_base64())?;
                    Ok((data.unwrap_or_default(), pin))
                })
                .await?;
            let who = caller.clone();
            let opened = dialect
                .perform_slowly(endpoint, &caller, move |operations, _| {
                    mosip::decrypt_with_pin(operations, &who, &pin, &data)
                })
                .await?;
            dialect.off_the_wire(is_large, move || Ok(Answer { data: Some(as_text(&opened)?) })).await
        })
        .await
}

/// What was opened, as the text that it is.
///
/// # Errors
/// It is none, which the use case does not hand out.
pub fn as_text(opened: &SecretBytes) -> Result<String, Refusal> {
    std::str::from_utf8(opened.expose()).map(str::to_owned).map_err(|_| Refusal::internal())
}
