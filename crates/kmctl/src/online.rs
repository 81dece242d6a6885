//! Where the key manager is and as whom it is called.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use km_client::{Endpoints, Session};
use km_domain::SystemClock;

use crate::failure::Failure;

#[derive(Args)]
pub struct Online {
    /// Where the services are: the file that they wrote.
    #[arg(long, global = true, value_name = "FILE", default_value = Online::ENDPOINTS)]
    pub endpoints: PathBuf,
    /// As whom to act: a name under `identities` in that file.
    #[arg(long = "as", global = true, value_name = "WHO")]
    pub who: Option<String>,
}

impl Online {
    pub const ENDPOINTS: &str = ".sealkeep/endpoints.json";

    pub fn who(&self) -> Result<&str, Failure> {
        self.who.as_deref().ok_or_else(|| Failure::Usage("say as whom to act: --as officer, --as auditor".to_owned()))
    }

    pub fn endpoints(&self) -> Result<Endpoints, Failure> {
        Ok(Endpoints::read(&self.endpoints)?)
    }

    pub fn session(&self) -> Result<Session, Failure> {
        Ok(Session::open(&self.endpoints, self.who()?, Arc::new(SystemClock))?)
    }
}
