//! Certificates as PEM text (RFC 7468).

use base64::{Engine, engine::general_purpose::STANDARD};

/// One certificate.
pub fn certificate(der: &[u8]) -> String {
    block("CERTIFICATE", der)
}

/// A revocation list.
pub fn revocation_list(der: &[u8]) -> String {
    block("X509 CRL", der)
}

fn block(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).filter_map(|at| text.get(at..(at + 64).min(text.len()))).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
