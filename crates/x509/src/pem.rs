//! Certificates and revocation lists as PEM text (RFC 7468).

use crate::X509Error;

/// The DER of every certificate of a PEM text, in order; other sections are passed over. An error if one is broken; empty
/// if there is none.
pub fn certificates(text: &str) -> Result<Vec<Vec<u8>>, X509Error> {
    sections("CERTIFICATE", text)
}

/// The DER of every revocation list of a PEM text, in order.
pub fn revocation_lists(text: &str) -> Result<Vec<Vec<u8>>, X509Error> {
    sections("X509 CRL", text)
}

fn sections(label: &str, text: &str) -> Result<Vec<Vec<u8>>, X509Error> {
    let sections = km_crypto::pem::decode(label, text).map_err(|_| X509Error::Malformed("the PEM text"))?;
    Ok(sections.iter().map(|der| der.to_vec()).collect())
}
