//! `endpoints.json`: where the services are and which files hold what a program needs to call them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use km_domain::{RegisterName, TenantId};
use serde::Deserialize;

use crate::ClientError;

/// The file, read. Members that are not known here are ignored: other programs read the same file.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoints {
    pub tenant: TenantId,
    pub register: RegisterName,
    /// The key manager's listener for everyone.
    pub rest: String,
    /// The key manager's listener for officers: a client certificate beside the token.
    pub officer: String,
    pub registry: String,
    /// Where tokens are issued.
    pub token: String,
    pub issuer: String,
    /// The service root, PEM: every listener's certificate leads to it.
    pub ca: PathBuf,
    pub identities: BTreeMap<String, Identity>,
    /// Pinned, PEM: certificates of ingest and answer keys lead to it. Without it: `business-root.pem` beside the file.
    #[serde(default)]
    pub business_root: Option<PathBuf>,
    #[serde(skip)]
    folder: PathBuf,
}

/// Who calls, and with which files.
#[derive(Debug, Clone, Deserialize)]
pub struct Identity {
    pub client_id: String,
    /// Absent: a person, who logs in with a browser.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// Client certificate and its key, PEM, for the officers' listener.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// The enrolled key: signs requests, receives answers.
    pub reader_key: PathBuf,
}

impl Endpoints {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let text = read_text(path)?;
        let mut endpoints: Self = serde_json::from_str(&text)
            .map_err(|error| ClientError::Setup(format!("{} is not endpoints.json: {error}", path.display())))?;
        endpoints.folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(endpoints)
    }

    /// The identity of this name; the error lists those that exist.
    pub fn identity(&self, name: &str) -> Result<&Identity, ClientError> {
        self.identities.get(name).ok_or_else(|| {
            let known = self.identities.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            ClientError::Setup(format!("there is no identity {name}; there are: {known}"))
        })
    }

    /// Where the login of a person is kept.
    pub fn login_file(&self, identity: &str) -> PathBuf {
        self.folder.join("logins").join(format!("{identity}.json"))
    }

    /// The pinned root of ingest and answer keys.
    pub fn business_root_file(&self) -> PathBuf {
        self.business_root.clone().unwrap_or_else(|| self.folder.join("business-root.pem"))
    }

    /// The pinned root of exports, checkpoints and certificates of erasure.
    pub fn evidence_root_file(&self) -> PathBuf {
        self.folder.join("evidence-root.pem")
    }
}

/// Reads a text file; the error names the file.
pub(crate) fn read_text(path: &Path) -> Result<String, ClientError> {
    std::fs::read_to_string(path)
        .map_err(|error| ClientError::Setup(format!("{} cannot be read: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_file_is_read() {
        let text = r#"{ "pid": 1, "tenant": "demo", "register": "individual", "rest": "https://127.0.0.1:1",
            "officer": "https://127.0.0.1:2", "grpc": "https://127.0.0.1:3", "registry": "https://127.0.0.1:4",
            "ops": "http://127.0.0.1:5", "token": "https://127.0.0.1:6/token", "issuer": "https://127.0.0.1:6",
            "ca": "/state/ca.pem", "services": {"registry": {"certificate": "/a", "key": "/b"}},
            "identities": {"backend": {"client_id": "backend", "secret_file": "/s", "certificate": "/c", "key": "/k",
                                       "reader_key": "/r"}} }"#;
        let mut endpoints: Endpoints = serde_json::from_str(text).unwrap();
        endpoints.folder = "/state".into();
        assert_eq!(endpoints.identity("backend").unwrap().client_id, "backend");
        assert_eq!(endpoints.business_root_file(), Path::new("/state/business-root.pem"));
        let error = endpoints.identity("nobody").unwrap_err().to_string();
        assert!(error.contains("backend"));
    }
}
