//! Calls to the key manager: `rest` for everyone, `officer` with a client certificate.

use km_api::readers::{EnrolKey, EnrolledKey};
use km_domain::TenantId;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    ClientError, TokenSource,
    http::{Answer, Call, Http},
};

/// One of the key manager's listeners, and as whom to call it. Paths begin with `/`; bodies are the types of crate `api`.
pub struct KeyManager<'a> {
    pub(crate) http: &'a Http,
    pub(crate) base: &'a str,
    pub(crate) tokens: &'a TokenSource,
}

impl KeyManager<'_> {
    /// The public keys of a tenant. Asked without a token: they are for everyone.
    pub async fn jwks(&self, tenant: &TenantId) -> Result<Vec<u8>, ClientError> {
        let url = format!("{}/.well-known/jwks.json?tenant={tenant}", self.base);
        let answer = self.http.send(Call::get(url)).await?;
        Ok(answer.body)
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(Call::get(self.url(path))).await?.json()
    }

    /// The body as it is: a checkpoint, an export.
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        Ok(self.send(Call::get(self.url(path))).await?.body)
    }

    pub async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ClientError> {
        self.send(Call::post(self.url(path)).json(body)?).await?.json()
    }

    /// Asks for something to be done that needs no body and gives none back.
    pub async fn post_empty(&self, path: &str) -> Result<(), ClientError> {
        self.send(Call::post(self.url(path))).await.map(drop)
    }

    /// Sends the same request again without doing the thing twice: the key names the request for 24 hours.
    pub async fn post_once<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        idempotency_key: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        let call = Call::post(self.url(path)).header("idempotency-key", idempotency_key).json(body)?;
        self.send(call).await?.json()
    }

    /// Enrols a key for the caller; see [`crate::enrolment`].
    pub async fn enrol(&self, body: &EnrolKey) -> Result<EnrolledKey, ClientError> {
        self.post("/v1/me/keys", body).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send(&self, call: Call<'_>) -> Result<Answer, ClientError> {
        let token = self.tokens.token().await?;
        self.http.send(call.token(&token)).await
    }
}
