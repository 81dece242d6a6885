//! Renewal of this service's own certificate.

use km_proto::v1;

use super::{Behalf, KeyManager, KeyManagerError, Link};

impl KeyManager {
    /// A new certificate for the identity that this connection shows, over the key of this request (DER, PKCS#10).
    /// Answers the chain, leaf first, without the root.
    ///
    /// # Errors
    /// As [`KeyManagerError`].
    pub async fn renew_certificate(&self, behalf: &Behalf, csr: Vec<u8>) -> Result<Vec<Vec<u8>>, KeyManagerError> {
        let message = Link::request(behalf, v1::RenewRequest { csr })?;
        let answer = self.link.certificates().renew(message).await?.into_inner();
        if answer.chain.is_empty() {
            return Err(KeyManagerError::Malformed("Renew must answer a certificate"));
        }
        Ok(answer.chain)
    }
}
