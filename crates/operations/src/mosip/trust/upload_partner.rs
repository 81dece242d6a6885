//! A partner's certificate taken in, and another one issued for its key.

use km_audit::EventKind;
use km_ca::mosip::{Names, Place, Validity};
use km_crypto::random;
use km_domain::{RecordId, Timestamp};
use km_formats::mosip::pkcs7;
use km_storage::{MosipPartnerRow, Unrecorded, Write};
use km_x509::Certificate;

use super::{
    AuthorityKind, PartnerFault, TrustRules, admitted,
    authority::thumbprint,
    judge::Judge,
    upload::{authority, in_time, lasts, no_path, strangers_pem},
};
use crate::{
    Caller, Keys, Operation, OperationError, Operations,
    caller::refused as refused_event,
    keys::seal_row,
    mosip::{Fault, KeyName, make::signing_key, renew},
};

/// What a partner brings.
pub struct NewPartner {
    /// PEM.
    pub certificate: String,
    /// Must stand in the certificate exactly so.
    pub organization: String,
    pub domain: String,
}

/// What it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerUploaded {
    pub id: String,
    /// PKCS #7, DER: the certificate that we issued, and those above it.
    pub bundle: Vec<u8>,
    pub now: Timestamp,
}

/// Takes it in and issues.
///
/// Errors: see [`PartnerFault`]; the signing application has no key, or does not list the caller.
pub fn upload_partner(operations: &Operations, caller: &Caller, new: &NewPartner) -> Operation<PartnerUploaded> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    match taken(operations, &keys, caller, new, now) {
        Ok((domain, issued, writes)) => {
            let kind = if issued.is_ours { EventKind::CertificateIssued } else { EventKind::CertificateInstalled };
            let mut event = caller.event(operations, kind);
            event.object = Some(format!("{domain}/partner {}", issued.uploaded.id));
            event.digests.insert("certificate".to_owned(), issued.digest);
            let conflict = refused_event(event.clone(), &OperationError::Conflict("mosip-authority-exists"));
            Unrecorded::new(Ok(issued.uploaded), event)
                .with_all(writes)
                .checked_at(keys.epoch)
                .changing_state()
                .or_on_conflict(conflict)
        }
        Err(error) => caller.refuse(operations, EventKind::CertificateIssued, error),
    }
}

struct Issued {
    uploaded: PartnerUploaded,
    is_ours: bool,
    /// SHA-256 of the certificate, lower-case hexadecimal.
    digest: String,
}

fn taken(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    new: &NewPartner,
    now: Timestamp,
) -> Result<(String, Issued, Vec<Write>), OperationError> {
    let rules = admitted(operations, caller)?;
    let domain = rules.domain(&new.domain)?;
    let tenant = caller.tenant();
    // 1. What the partner brought.
    let own = strangers_pem(&new.certificate)?;
    check(rules, &own, now)?;
    let path = Judge::of(operations, keys)?
        .path((tenant, &domain), &own, &[], now)
        .map_err(|error| no_path(error, PartnerFault::NoAuthority))?;
    check_further(&own, &new.organization)?;
    let issuer_id = path.get(1).and_then(|above| {
        keys.mosip.trust.authorities(tenant).find(|known| known.domain == domain && known.certificate.der == above.der)
    });
    let issuer_id = issuer_id.ok_or(PartnerFault::NoAuthority)?.id.clone();
    // 2. What it gets.
    let chain = if rules.signs(&domain) {
        issue(operations, keys, caller, rules, &domain, &own, now)?
    } else {
        path.into_iter().cloned().collect()
    };
    let issued = chain.first().ok_or(PartnerFault::Bundle)?;
    let ders: Vec<&[u8]> = chain.iter().map(|certificate| certificate.der.as_slice()).collect();
    let bundle = pkcs7::bundle(&ders).map_err(|_| PartnerFault::Bundle)?;
    // 3. What is kept: both, and those above ours, which the domain must know to trust it.
    let id = RecordId::new(now, random::bytes()).to_string();
    let mut row = MosipPartnerRow {
        tenant: tenant.to_string(),
        id: id.clone(),
        domain: domain.clone(),
        organization: new.organization.clone(),
        issuer_id,
        thumbprint: thumbprint(&own),
        certificate: own.der.clone(),
        issued: issued.der.clone(),
        created: now.micros(),
        log_index: -1,
        integrity: Vec::new(),
    };
    row.integrity = seal_row(operations, keys, &row.covered())?;
    let mut writes = above_ours(operations, keys, caller, &domain, &chain, now)?;
    writes.push(Write::insert_mosip_partner(row));
    let is_ours = issued.der != own.der;
    let digest = km_audit::digest::hex_sha256(&issued.der);
    Ok((domain, Issued { uploaded: PartnerUploaded { id, bundle, now }, is_ours, digest }, writes))
}

/// MOSIP's checks before the path, in its order.
fn check(rules: &TrustRules, own: &Certificate, now: Timestamp) -> Result<(), PartnerFault> {
    in_time(own, now)?;
    let least = rules.partner_years.saturating_mul(365).saturating_sub(rules.partner_grace_days);
    match () {
        () if !lasts(own, now, least) => Err(PartnerFault::PartnerTooShort),
        () if own.is_self_signed() => Err(PartnerFault::SelfSigned),
        // Sooner than in MOSIP: such a one has no path here.
        () if own.version != 3 => Err(PartnerFault::Version),
        () if !own.is_signed_soundly() => Err(PartnerFault::Algorithm),
        () => Ok(()),
    }
}

/// And behind it.
fn check_further(own: &Certificate, organization: &str) -> Result<(), PartnerFault> {
    if own.organization.as_deref() == Some(organization) { Ok(()) } else { Err(PartnerFault::Organization) }
}

/// Issues for the partner's key: the new certificate, that of the signing master key, and the root.
fn issue(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    rules: &TrustRules,
    domain: &str,
    own: &Certificate,
    now: Timestamp,
) -> Result<Vec<Certificate>, OperationError> {
    let tenant = caller.tenant();
    let name = KeyName { application: rules.signer.clone(), reference: String::new() };
    if !renew::rules(operations)?.admit_user(keys, caller, &name) {
        return Err(PartnerFault::SignDenied.into());
    }
    let current = keys.mosip.current(tenant, &name, now).map_err(OperationError::Mosip)?;
    let alias = current.ok_or(OperationError::Mosip(Fault::NotGenerated))?;
    let (above, key) = (alias.certified()?, signing_key(alias, keys, tenant)?);
    let is_rsa = matches!(own.public_key, km_crypto::PublicKey::Rsa { .. });
    let place = if domain == AUTH && is_rsa { Place::PartnerWhoDecrypts } else { Place::Partner };
    let days = i64::from(rules.partner_years) * 365;
    let ends = Timestamp::from_seconds(now.seconds() + days * 86_400);
    let validity = Validity { not_before: now, not_after: ends.min(above.not_after) };
    let signer = (&*operations.keys as &dyn km_keystore::Sign, key);
    let issued =
        km_ca::mosip::issue(above, signer, &Names::of(own), place, &own.public_key, random::bytes(), validity)?;
    let mut chain = vec![issued];
    for der in crate::mosip::chain::path(keys, tenant, above).ok_or(OperationError::Mosip(Fault::NoChain))? {
        chain.push(Certificate::from_der(&der).map_err(|_| PartnerFault::Bundle)?);
    }
    Ok(chain)
}

/// The domain whose partners are also encrypted to.
const AUTH: &str = "AUTH";

/// The rows of those above the issued certificate that the domain's store does not have yet. A partner's own is never among them.
fn above_ours(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    domain: &str,
    chain: &[Certificate],
    now: Timestamp,
) -> Result<Vec<Write>, OperationError> {
    let tenant = caller.tenant();
    let stored = keys.mosip.trust.domain(tenant, domain);
    let (mut writes, mut above) = (Vec::new(), None);
    for certificate in chain.iter().skip(1).rev() {
        let mut known = stored.into_iter().flat_map(|stored| &stored.authorities);
        let id = match known.find(|known| known.certificate.der == certificate.der) {
            Some(known) => known.id.clone(),
            None => {
                let kind = if above.is_none() { AuthorityKind::Root } else { AuthorityKind::Intermediate };
                let made = authority((operations, keys), (tenant, domain), kind, above, certificate, now)?;
                writes.push(Write::insert_mosip_authority(made.row.clone()));
                made.id.clone()
            }
        };
        above = Some(id);
    }
    Ok(writes)
}
