//! The MOSIP dialect through its front door.

mod access_allowed;
mod actuator;
mod body;
mod bootstrap;
mod certificate_status;
mod cose_sign1;
mod cose_verify1;
mod cs_sign;
mod cs_verify_sign;
mod cwt_sign;
mod cwt_verify;
mod decrypt;
mod decrypt_with_pin;
mod encrypt;
mod encrypt_with_pin;
mod endpoint;
mod envelope;
mod error;
mod generate_argon2_hash;
mod generate_csr;
mod generate_ec_sign_key;
mod generate_master_key;
mod generate_symmetric_key;
mod get_all_certificates;
mod get_ca_certificate_trust_path;
mod get_ca_certificates;
mod get_certificate;
mod get_certificate_chain;
mod get_partner_certificate;
mod get_partner_signed_certificate;
mod get_zk_temp_certificate;
mod jws_sign;
mod jws_sign_v2;
mod jwt_decrypt;
mod jwt_encrypt;
mod jwt_sign;
mod jwt_sign_v2;
mod jwt_verify;
mod jwt_verify_v2;
mod lenient;
mod license_generate;
mod license_permissions;
mod license_permit;
mod migrate_base_key;
mod migrate_zk_keys;
mod pdf_sign;
pub mod pki;
mod revoke_key;
mod rotation;
mod sign;
mod sign_raw_data;
mod sign_v2;
mod switches;
mod token;
mod token_id;
mod tpm_decrypt;
mod tpm_encrypt;
mod tpm_encryption_public_key;
mod tpm_signing_public_key;
mod upload_ca_certificate;
mod upload_certificate;
mod upload_other_domain_certificate;
mod upload_partner_certificate;
mod validate;
mod verify_certificate_trust;
mod zk_decrypt;
mod zk_encrypt;
mod zk_re_encrypt_random_key;

use std::path::PathBuf;

use km_tests::openssl::openssl;
use km_tests::{Client, System};
use serde_json::{Value, json};

/// Lines of the dialect's section for all tests that share a system.
pub const SECTION: &str = "license_permissions = [\"OTP Trigger\", \"Biometric\"]";

/// Policies of the tests beside those that ship.
pub const POLICIES: &str = r#"
zk_random_keys = 20

[[policies]]
app_id = "IDA"
key_validity_duration = 1095
pre_expire_days = 60

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

/// Whether stock openssl takes a signature over a message by a certificate's key. `options` are those of `openssl dgst`; a signature on
/// a curve is in its DER form.
pub fn openssl_takes(system: &System, certificate: &Value, message: &[u8], signature: &[u8], options: &str) -> bool {
    let key = file(system, &x509(system, certificate, "-pubkey"));
    let (said, signed) = (key.with_extension("message"), key.with_extension("sig"));
    std::fs::write(&said, message).expect("a message");
    std::fs::write(&signed, signature).expect("a signature");
    let arguments = format!("dgst -sha256 {options} -verify {} -signature {}", key.display(), signed.display());
    openssl(arguments.replace("  ", " ").as_str(), &[&said]).code == Some(0)
}

/// The options with which openssl verifies RSA-PSS.
pub const PSS: &str = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32";

/// Bytes written in hexadecimal.
pub fn from_hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16).expect("hex"))
        .collect()
}

/// The signing key on P-256 of an application, with its certificate.
#[track_caller]
pub fn on_p256(client: &Client, application: &str) -> Value {
    let order = json!({"applicationId": application, "referenceId": "EC_SECP256R1_SIGN"});
    client.ask_mosip("/generateECSignKey/CERTIFICATE", order).response()["certificate"].clone()
}

/// The options with which openssl does what the dialect calls OAEP: SHA-256 throughout.
pub const OAEP: &str = "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256";

/// Bytes encrypted by openssl to a certificate's key.
pub fn oaep_to(system: &System, certificate: &Value, bytes: &[u8]) -> Vec<u8> {
    let pem = file(system, certificate.as_str().expect("PEM"));
    let (clear, closed) = (pem.with_extension("clear"), pem.with_extension("closed"));
    std::fs::write(&clear, bytes).expect("bytes");
    let arguments = format!("pkeyutl -encrypt -certin -inkey {} -in {} {OAEP} -out", pem.display(), clear.display());
    openssl(&arguments, &[&closed]).good();
    std::fs::read(closed).expect("bytes")
}

/// Bytes that openssl decrypts with a key, with these options.
pub fn oaep_open(key: &std::path::Path, bytes: &[u8], options: &str) -> Vec<u8> {
    let (closed, clear) = (key.with_extension("closed"), key.with_extension("clear"));
    std::fs::write(&closed, bytes).expect("bytes");
    let arguments = format!("pkeyutl -decrypt -inkey {} -in {} {options} -out", key.display(), closed.display());
    openssl(&arguments, &[&clear]).good();
    std::fs::read(clear).expect("bytes")
}

/// SHA-256 of a certificate, by openssl.
pub fn thumbprint(system: &System, certificate: &Value) -> Vec<u8> {
    let printed = x509(system, certificate, "-fingerprint -sha256").replace(':', "").to_lowercase();
    from_hex(printed.rsplit('=').next().expect("a fingerprint"))
}
