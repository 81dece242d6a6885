//! Certificates under the service root, as services and officers get them: by a one-time token.

use std::path::{Path, PathBuf};
use std::time::Duration;

use km_test_support::wait_until;
use serde_json::{Value, json};

use crate::{System, base64url, openssl};

/// A certificate under the service root, with its key.
#[derive(Debug, Clone)]
pub struct Certified {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certified {
    pub fn files(&self) -> (&Path, &Path) {
        (&self.certificate, &self.key)
    }

    /// The serial number, lower-case hexadecimal.
    #[track_caller]
    pub fn serial(&self) -> String {
        let ran = openssl::openssl("x509 -noout -serial -in", &[&self.certificate]).good();
        ran.output.trim().trim_start_matches("serial=").to_lowercase()
    }
}

impl System {
    /// A certificate of this name under the service root; the same one at every call.
    #[track_caller]
    pub fn certificate(&self, tenant: &str, kind: &str, name: &str) -> Certified {
        let _one_at_a_time = self.making.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let folder = self.folder().join("certificates").join(format!("{tenant}-{kind}-{name}"));
        let certified = Certified { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
        if !certified.certificate.exists() {
            std::fs::create_dir(&folder).expect("a folder");
            openssl::make_key(&certified.key);
            let invitation = folder.join("invitation");
            self.invite(tenant, kind, name, &invitation);
            let csr = base64url(openssl::request(&certified.key));
            let token = std::fs::read_to_string(&invitation).expect("a one-time token");
            let mut answer = None;
            // A token that is busy just now is asked again, as the answer says.
            let _ = wait_until(Duration::from_secs(10), || {
                let asked = self.anyone().post("/v1/enrol", json!({"token": token.trim(), "csr": csr}));
                let is_busy = asked.status == 503;
                answer = Some(asked);
                !is_busy
            });
            let issued = answer.expect("an answer").good();
            let chain: String = issued["chain"].as_array().expect("a chain").iter().filter_map(Value::as_str).collect();
            std::fs::write(&certified.certificate, chain).expect("a file");
        }
        certified
    }

    /// Has a one-time token written to a file.
    #[track_caller]
    pub fn invite(&self, tenant: &str, kind: &str, name: &str, out: &Path) {
        let out = out.to_str().expect("a path that is text");
        self.key_manager(&["invite", "--tenant", tenant, "--kind", kind, "--name", name, "--out", out]).good();
    }
}
