//! Certificates of authorities, and their revocation lists, taken into the trust store of a domain.

use std::sync::Arc;

use km_audit::EventKind;
use km_crypto::digest::sha256_parts;
use km_domain::Timestamp;
use km_formats::{base64url, mosip::pkcs7};
use km_storage::{Unrecorded, Write};
use km_x509::{Certificate, Crl, X509Error};

use super::{
    Authority, AuthorityKind, PartnerFault, admitted,
    judge::Judge,
    revocation::list_row,
    store::{Domain, SignedList},
    upload::{authority, in_time, lasts, no_path, refused, strangers},
};
use crate::{Caller, Keys, Operation, OperationError, Operations, caller::refused as refused_event};

/// How much of what was sent was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    All,
    Some,
    None,
}

/// Takes them in: one certificate or one revocation list as PEM, or a bundle, PKCS#7 or several PEM blocks, leaf first.
///
/// Errors, of a single one only: see [`PartnerFault`]. Of a bundle the good ones are taken, and the answer says that not all were.
pub fn upload_authorities(
    operations: &Operations,
    caller: &Caller,
    domain: &str,
    sent: &str,
) -> Operation<(Uploaded, Timestamp)> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    match taken(operations, &keys, caller, domain, sent, now) {
        Ok(taken) => {
            let mut event = caller.event(operations, EventKind::CertificateInstalled);
            event.object = Some(format!("{}/authorities", taken.domain));
            event.count = taken.writes.len() as u64;
            event.digests.insert("certificates".to_owned(), taken.digest);
            let conflict = refused_event(event.clone(), &OperationError::Conflict("mosip-authority-exists"));
            let answer = Unrecorded::new(Ok((taken.uploaded, now)), event).checked_at(keys.epoch);
            if taken.writes.is_empty() {
                return answer;
            }
            answer.with_all(taken.writes).changing_state().or_on_conflict(conflict)
        }
        Err(error) => caller.refuse(operations, EventKind::CertificateInstalled, error),
    }
}

struct Taken {
    domain: String,
    uploaded: Uploaded,
    /// SHA-256 over all that was sent, lower-case hexadecimal.
    digest: String,
    writes: Vec<Write>,
}

fn taken(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    domain: &str,
    sent: &str,
    now: Timestamp,
) -> Result<Taken, OperationError> {
    let rules = admitted(operations, caller)?;
    let domain = rules.domain(domain)?;
    let judge = Judge::of(operations, keys)?;
    let sent = Sent::parse(sent)?;
    let ders: Vec<&[u8]> = sent.certificates.iter().chain(&sent.lists).map(Vec::as_slice).collect();
    let digest = km_formats::mosip::identifiers::upper_hex(&sha256_parts(&ders)).to_lowercase();
    let is_single = ders.len() == 1;
    let stored = keys.mosip.trust.domain(caller.tenant(), &domain);
    let tenant = caller.tenant();
    let mut coming: Vec<Arc<Authority>> = Vec::new();
    let (mut writes, mut failed) = (Vec::new(), 0_usize);
    // A bundle begins with the leaf, and whoever comes first must find its issuer.
    for der in sent.certificates.iter().rev() {
        let made = checked(&judge, stored, &coming, der, now).map_err(OperationError::from).and_then(|good| {
            authority((operations, keys), (tenant, &domain), good.kind, good.issuer_id, &good.certificate, now)
        });
        match made {
            Ok(made) => {
                writes.push(Write::insert_mosip_authority(made.row.clone()));
                coming.push(made);
            }
            Err(OperationError::Mosip(_)) if !is_single => failed += 1,
            Err(error) => return Err(error),
        }
    }
    for der in &sent.lists {
        let authorities: Vec<Arc<Authority>> =
            stored.into_iter().flat_map(|stored| &stored.authorities).chain(&coming).cloned().collect();
        let row = checked_list(stored, &authorities, der).map_err(OperationError::from);
        let row = row.and_then(|signed| list_row((operations, keys), (tenant, &domain), signed));
        match row {
            Ok(row) => writes.push(Write::set_mosip_revocation_list(row)),
            Err(OperationError::Mosip(_)) if !is_single => failed += 1,
            Err(error) => return Err(error),
        }
    }
    let uploaded = match (writes.is_empty(), failed) {
        (true, _) => Uploaded::None,
        (false, 0) => Uploaded::All,
        (false, _) => Uploaded::Some,
    };
    Ok(Taken { domain, uploaded, digest, writes })
}

/// What was sent, DER.
#[derive(Default)]
struct Sent {
    certificates: Vec<Vec<u8>>,
    lists: Vec<Vec<u8>>,
}

/// Most blocks of a PEM text.
const MOST: usize = 64;

impl Sent {
    fn parse(text: &str) -> Result<Self, PartnerFault> {
        let text = text.trim();
        let malformed = |_: X509Error| PartnerFault::Invalid("");
        let mut sent = Self {
            certificates: km_x509::pem::certificates(text).map_err(malformed)?,
            lists: km_x509::pem::revocation_lists(text).map_err(malformed)?,
        };
        if sent.certificates.is_empty() && sent.lists.is_empty() {
            let bytes = if text.starts_with("-----") {
                text.as_bytes().to_vec()
            } else {
                base64url::decode(text).map_err(|_| PartnerFault::Invalid(""))?
            };
            sent.certificates = pkcs7::certificates(&bytes).map_err(|_| PartnerFault::Invalid(""))?;
        }
        let count = sent.certificates.len() + sent.lists.len();
        if count <= MOST { Ok(sent) } else { Err(PartnerFault::Invalid("at most 64 are taken at a time")) }
    }
}

struct Good {
    kind: AuthorityKind,
    /// None of a root.
    issuer_id: Option<String>,
    certificate: Certificate,
}

/// MOSIP's checks, in its order.
fn checked(
    judge: &Judge<'_>,
    stored: Option<&Domain>,
    coming: &[Arc<Authority>],
    der: &[u8],
    now: Timestamp,
) -> Result<Good, PartnerFault> {
    let certificate = strangers(der)?;
    let known = || stored.into_iter().flat_map(|stored| &stored.authorities).chain(coming);
    if known().any(|authority| authority.certificate.der == certificate.der) {
        return Err(PartnerFault::AlreadyThere);
    }
    in_time(&certificate, now)?;
    if !lasts(&certificate, now, judge.rules.authority_months.saturating_mul(365) / 12) {
        return Err(PartnerFault::AuthorityTooShort);
    }
    if certificate.version != 3 {
        return Err(PartnerFault::Version);
    }
    if !certificate.is_ca || certificate.key_usages.is_some_and(|bits| !bits.certificate_sign) {
        return Err(PartnerFault::Invalid("it is not the certificate of an authority"));
    }
    if certificate.is_self_signed() {
        return Ok(Good { kind: AuthorityKind::Root, issuer_id: None, certificate });
    }
    let path = judge
        .path_over(stored, coming, &certificate, &[], now)
        .map_err(|error| no_path(error, PartnerFault::NoRoot))?;
    let above = path.get(1).map(|above| above.der.clone()).unwrap_or_default();
    let issuer_id = known().find(|authority| authority.certificate.der == above).map(|authority| authority.id.clone());
    Ok(Good { kind: AuthorityKind::Intermediate, issuer_id, certificate })
}

/// A list that one of these authorities made, newer than what is there.
fn checked_list(
    stored: Option<&Domain>,
    authorities: &[Arc<Authority>],
    der: &[u8],
) -> Result<SignedList, PartnerFault> {
    let list = Crl::from_der(der).map_err(refused)?;
    let signed = SignedList::of(list, authorities).ok_or(PartnerFault::NoAuthority)?;
    let is_old = stored.is_some_and(|stored| stored.has_newer(&signed));
    if is_old { Err(PartnerFault::AlreadyThere) } else { Ok(signed) }
}
