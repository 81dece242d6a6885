//! Certificates: read, written as PEM and read again; and a chain of one is judged without a panic.
#![no_main]

use km_domain::Timestamp;
use km_x509::{Certificate, Usage, verify_chain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let at = Timestamp::from_seconds(1_800_000_000);
    let root = [bytes.to_vec()];
    let _ = verify_chain(bytes, &[], &root, at, Usage::ClientAuth, &[]);
    let _ = std::str::from_utf8(bytes).map(Certificate::from_pem);
    let Ok(certificate) = Certificate::from_der(bytes) else { return };
    let _ = (certificate.serial_text(), certificate.is_valid_at(at));
    let again = Certificate::from_pem(&certificate.to_pem()).expect("our own PEM is read");
    assert!(again.der == certificate.der);
});
