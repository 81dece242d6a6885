//! The MOSIP dialect through its front door.

mod actuator;
mod body;
mod bootstrap;
mod decrypt;
mod encrypt;
mod endpoint;
mod envelope;
mod error;
mod generate_csr;
mod generate_ec_sign_key;
mod generate_master_key;
mod generate_symmetric_key;
mod get_all_certificates;
mod get_certificate;
mod get_certificate_chain;
mod jwt_sign;
mod jwt_verify;
mod lenient;
mod revoke_key;
mod rotation;
mod switches;
mod token;
mod upload_certificate;
mod upload_other_domain_certificate;

use std::path::PathBuf;

use km_tests::openssl::openssl;
use km_tests::{Client, System};
use serde_json::{Value, json};

/// Policies of the tests beside those that ship.
pub const POLICIES: &str = r#"
[[policies]]
app_id = "RESTRICTED"
key_validity_duration = 1095
pre_expire_days = 60
access_allowed = "somebody, Service-Account-OpenG2P"

[[policies]]
app_id = "CLOSED"
key_validity_duration = 1095
pre_expire_days = 60
access_allowed = ""

[[policies]]
app_id = "INACTIVE"
key_validity_duration = 1095
pre_expire_days = 60
is_active = false

[[policies]]
app_id = "TESTS"
key_validity_duration = 1095
pre_expire_days = 60
"#;

/// A name that no other test uses.
pub fn fresh(prefix: &str) -> String {
    km_tests::call::request_id().to_uppercase().replace("TEST", prefix)
}

/// Makes the master key of an application, unless it is there.
#[track_caller]
pub fn master(client: &Client, application: &str) -> Value {
    let order = json!({"applicationId": application, "referenceId": ""});
    client.ask_mosip("/generateMasterKey/CERTIFICATE", order).response()
}

/// The current certificate, as the dialect answers.
#[track_caller]
pub fn current(client: &Client, application: &str, reference: &str) -> Value {
    let path = format!("/getCertificate?applicationId={application}&referenceId={reference}");
    client.get(&path).response()
}

/// All certificates, as the dialect answers.
#[track_caller]
pub fn all(client: &Client, application: &str, reference: &str) -> Vec<Value> {
    let path = format!("/getAllCertificates?applicationId={application}&referenceId={reference}");
    client.get(&path).response()["allCertificates"].as_array().expect("a list").clone()
}

/// A file of this text in the system's folder.
pub fn file(system: &System, text: &str) -> PathBuf {
    let path = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
    std::fs::write(&path, text).expect("a file");
    path
}

/// What openssl says of a certificate: `arguments` of `openssl x509`.
#[track_caller]
pub fn x509(system: &System, pem: &Value, arguments: &str) -> String {
    let pem = file(system, pem.as_str().expect("PEM"));
    openssl(&format!("x509 -noout {arguments} -in"), &[&pem]).good().output.trim().to_owned()
}

/// Whether openssl finds a path from a certificate to these.
pub fn is_signed_by(system: &System, certificate: &Value, above: &[&Value]) -> bool {
    let leaf = file(system, certificate.as_str().expect("PEM"));
    let roots: String = above.iter().map(|pem| pem.as_str().expect("PEM")).collect();
    let roots = file(system, &roots);
    let arguments = format!("verify -CAfile {} {}", roots.display(), leaf.display());
    openssl(&arguments, &[]).output.contains(": OK")
}
