//! `GET /getCertificate?applicationId=&referenceId=`

use actix_web::{HttpRequest, HttpResponse, web::Data};
use km_formats::mosip::time;
use km_operations::mosip::{self, Found, KeyName};
use serde::{Deserialize, Serialize};

use super::{Dialect, endpoint::Endpoint, error::Refusal};

/// The query that names a key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    application_id: Option<String>,
    reference_id: Option<String>,
}

impl Asked {
    /// The key's name.
    ///
    /// # Errors
    /// `applicationId` is missing; an id that no key can have.
    pub fn name(&self, endpoint: Endpoint) -> Result<KeyName, Refusal> {
        let missing = "Required request parameter 'applicationId' for method parameter type String is not present";
        let application = self.application_id.as_deref().ok_or_else(|| Refusal::invalid(vec![missing.to_owned()]))?;
        if application.trim().is_empty() {
            return Err(Refusal::invalid(vec!["applicationId should not be null or empty".to_owned()]));
        }
        named(endpoint, application, self.reference_id.as_deref().unwrap_or_default())
    }
}

/// The key of these ids.
///
/// # Errors
/// An id that no key can have.
pub fn named(endpoint: Endpoint, application: &str, reference: &str) -> Result<KeyName, Refusal> {
    KeyName::new(application, reference)
        .map_err(|fault| Refusal::of(endpoint, &km_operations::OperationError::Mosip(fault)))
}

/// A key pair as the dialect describes it: its certificate or a request for one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyPair {
    pub certificate: Option<String>,
    pub cert_sign_request: Option<String>,
    pub issued_at: String,
    pub expiry_at: String,
    pub timestamp: String,
}

impl KeyPair {
    pub fn of(found: Found) -> Self {
        Self {
            certificate: Some(found.certificate),
            cert_sign_request: None,
            issued_at: time::with_zone(found.issued),
            expiry_at: time::with_zone(found.expires),
            timestamp: time::with_zone(found.now),
        }
    }
}

/// The current certificate of a key; a base key is made when it is first asked for.
#[actix_web::get("/getCertificate")]
pub async fn get_certificate(dialect: Data<Dialect>, request: HttpRequest) -> HttpResponse {
    let endpoint = Endpoint::GetCertificate;
    dialect
        .serve_query(endpoint, &request, async |caller, asked: Asked| {
            let name = asked.name(endpoint)?;
            let who = caller.clone();
            let found = dialect.perform(endpoint, &dialect.edge.plain, &caller, move |operations, _| {
                mosip::certificate(operations, &who, &name)
            });
            found.await.map(KeyPair::of)
        })
        .await
}
