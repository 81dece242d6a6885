//! Certificate revocation lists (RFC 5280, section 5).

use km_domain::Timestamp;
use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};

use crate::{
    X509Error,
    certificate::{timestamp, without_leading_zeros},
};

/// A revocation list, read once. Its signature is checked where a chain is judged, with the issuer's key.
#[derive(Debug, Clone)]
pub struct Crl {
    pub der: Vec<u8>,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    /// The serial numbers on the list, without leading zeros.
    pub serials: Vec<Vec<u8>>,
    pub(crate) list: webpki::OwnedCertRevocationList,
}

impl Crl {
    /// Reads a DER list. Lists without a next update, delta lists and indirect lists are refused.
    pub fn from_der(der: &[u8]) -> Result<Self, X509Error> {
        let malformed = X509Error::Malformed("the revocation list");
        let (rest, parsed) = CertificateRevocationList::from_der(der).map_err(|_| malformed.clone())?;
        let list = webpki::OwnedCertRevocationList::from_der(der).map_err(|_| malformed.clone())?;
        let next_update = parsed.next_update().filter(|_| rest.is_empty()).ok_or(malformed)?;
        Ok(Self {
            der: der.to_vec(),
            this_update: timestamp(parsed.last_update()),
            next_update: timestamp(next_update),
            serials: parsed
                .iter_revoked_certificates()
                .map(|entry| without_leading_zeros(entry.raw_serial()).to_vec())
                .collect(),
            list,
        })
    }

    /// The list as PEM (RFC 7468, section 6).
    pub fn to_pem(&self) -> String {
        km_crypto::pem::encode("X509 CRL", &self.der)
    }

    /// Whether this serial number is on the list.
    pub fn lists(&self, serial: &[u8]) -> bool {
        let serial = without_leading_zeros(serial);
        self.serials.iter().any(|listed| listed == serial)
    }
}
