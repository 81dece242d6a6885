//! Certificate revocation lists.
#![no_main]

use km_x509::Crl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = std::str::from_utf8(bytes).map(km_x509::pem::revocation_lists);
    let Ok(list) = Crl::from_der(bytes) else { return };
    let _ = (list.lists(&[1]), list.to_pem());
});
