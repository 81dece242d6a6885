//! The first certificate: a one-time token and a certificate request go to the key manager's REST listener.

use km_api::{
    Base64Url,
    certificates::{EnrolService, IssuedCertificate},
};
use km_domain::SecretText;
use km_service::{FetchError, Fetcher};

use super::KeyManagerError;

/// Asks for the first certificate over the key of this request (DER, PKCS#10). Answers the chain as PEM text, leaf first.
///
/// # Errors
/// The key manager cannot be reached, or refuses the token: it counts once only.
pub async fn enrol(fetcher: &Fetcher, rest: &str, token: &SecretText, csr: Vec<u8>) -> Result<String, KeyManagerError> {
    let body = serde_json::to_value(EnrolService { token: token.expose().to_owned(), csr: Base64Url(csr) })
        .map_err(|_| KeyManagerError::Malformed("enrolment request"))?;
    let address = format!("{}/v1/enrol", rest.trim_end_matches('/'));
    let answer = fetcher.post_json(&address, &body).await.map_err(|error| match error {
        FetchError::Status(status @ 400..=499) => {
            KeyManagerError::Forbidden(format!("enrolment was refused with status {status}"))
        }
        other => KeyManagerError::Unavailable(other.to_string()),
    })?;
    let issued: IssuedCertificate =
        serde_json::from_value(answer).map_err(|_| KeyManagerError::Malformed("enrolment answer"))?;
    if issued.chain.is_empty() {
        return Err(KeyManagerError::Malformed("enrolment must answer a certificate"));
    }
    Ok(issued.chain.concat())
}
