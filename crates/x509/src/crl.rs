//! Certificate revocation lists (RFC 5280, section 5).

use std::collections::HashMap;

use km_domain::Timestamp;
use x509_parser::{
    extensions::ParsedExtension, prelude::FromDer, revocation_list::CertificateRevocationList, x509::ReasonCode,
};

use crate::{
    Certificate, X509Error,
    certificate::{addresses, timestamp, without_leading_zeros},
};

/// What is known of a certificate's revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Good,
    Revoked,
    Unknown,
}

/// From when on a certificate is not to be trusted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// Nobody can say: its key, or its issuer's, was in other hands.
    Ever,
    Then(Timestamp),
}

/// Of which certificates of its issuer a list speaks (RFC 5280, section 5.2.5).
#[derive(Debug, Clone, Default)]
struct Scope {
    users_only: bool,
    authorities_only: bool,
    /// Where it names itself, the certificates that name it too.
    addresses: Option<Vec<String>>,
}

/// A revocation list, read once. Its signature is checked where a chain is judged, with the issuer's key.
#[derive(Debug, Clone)]
pub struct Crl {
    pub der: Vec<u8>,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    /// The issuer's name, DER.
    pub issuer_der: Vec<u8>,
    /// The serial numbers on the list, without leading zeros.
    pub serials: Vec<Vec<u8>>,
    entries: HashMap<Vec<u8>, Since>,
    scope: Scope,
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
            issuer_der: parsed.issuer().as_raw().to_vec(),
            entries: parsed
                .iter_revoked_certificates()
                .map(|entry| {
                    let since = match entry.reason_code() {
                        Some((_, ReasonCode::KeyCompromise | ReasonCode::CACompromise | ReasonCode::AACompromise)) => {
                            Since::Ever
                        }
                        _ => Since::Then(timestamp(entry.revocation_date)),
                    };
                    (without_leading_zeros(entry.raw_serial()).to_vec(), since)
                })
                .collect(),
            scope: scope(&parsed),
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
    /// Whether this CA made the list: its name, its key, and its right to make lists.
    pub fn is_signed_by(&self, issuer: &Certificate) -> Result<(), X509Error> {
        let malformed = |_| X509Error::Malformed("the revocation list");
        if issuer.subject_der != self.issuer_der {
            return Err(X509Error::UnknownIssuer);
        }
        if issuer.key_usages.is_some_and(|bits| !bits.crl_sign) {
            return Err(X509Error::WrongUsage("its issuer signs no revocation lists"));
        }
        let (_, list) = CertificateRevocationList::from_der(&self.der).map_err(malformed)?;
        let (_, above) = x509_parser::certificate::X509Certificate::from_der(&issuer.der).map_err(malformed)?;
        list.verify_signature(above.public_key()).map_err(|_| X509Error::BadSignature("the revocation list"))
    }

    /// Bytes that are the same for two lists about the same part of their issuer's certificates.
    pub fn scope_bytes(&self) -> Vec<u8> {
        let Scope { users_only, authorities_only, addresses } = &self.scope;
        let mut bytes = vec![u8::from(*users_only), u8::from(*authorities_only), u8::from(addresses.is_some())];
        for address in addresses.iter().flatten() {
            bytes.extend_from_slice(address.as_bytes());
            bytes.push(0);
        }
        bytes
    }

    /// What the list says of a certificate of its issuer's at a moment. One that it names is revoked from the day that stands there,
    /// and was never good if its key got into other hands. Of one that it does not name it says something only if it is about
    /// such certificates and not overdue.
    pub fn status(&self, certificate: &Certificate, at: Timestamp) -> Status {
        match self.entries.get(&certificate.serial) {
            Some(Since::Ever) => return Status::Revoked,
            Some(Since::Then(day)) if day.seconds() <= at.seconds() => return Status::Revoked,
            Some(Since::Then(_)) | None => {}
        }
        let is_its = match &self.scope.addresses {
            None => true,
            Some(own) => certificate.list_addresses.iter().any(|address| own.contains(address)),
        };
        let is_kind = if certificate.is_ca { !self.scope.users_only } else { !self.scope.authorities_only };
        if is_its && is_kind && at.seconds() <= self.next_update.seconds() { Status::Good } else { Status::Unknown }
    }
}

fn scope(list: &CertificateRevocationList<'_>) -> Scope {
    let point = list.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::IssuingDistributionPoint(point) => Some(point),
        _ => None,
    });
    point.map_or_else(Scope::default, |point| Scope {
        users_only: point.only_contains_user_certs,
        authorities_only: point.only_contains_ca_certs,
        addresses: point.distribution_point.as_ref().map(addresses),
    })
}
