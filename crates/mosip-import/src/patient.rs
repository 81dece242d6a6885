//! The officers' listener, asked again while it says that something is away. Each of the import's calls does its thing once however often
//! it is sent, so nothing is done twice.

use std::time::Duration;

use km_client::{ClientError, KeyManager};
use serde::{Serialize, de::DeserializeOwned};

/// The key manager, asked patiently.
pub struct Patient<'a>(pub KeyManager<'a>);

/// How often a call is sent at most, and how long to wait before it is sent again.
const ATTEMPTS: u32 = 6;
const PAUSE: Duration = Duration::from_secs(2);

impl Patient<'_> {
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        for _ in 1..ATTEMPTS {
            match self.0.get(path).await {
                Err(ClientError::Unavailable(_)) => tokio::time::sleep(PAUSE).await,
                answer => return answer,
            }
        }
        self.0.get(path).await
    }

    pub async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ClientError> {
        for _ in 1..ATTEMPTS {
            match self.0.post(path, body).await {
                Err(ClientError::Unavailable(_)) => tokio::time::sleep(PAUSE).await,
                answer => return answer,
            }
        }
        self.0.post(path, body).await
    }
}
