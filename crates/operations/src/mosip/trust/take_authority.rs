//! The certificate of an authority in another installation's trust store, taken into ours as it was there: its id and its domain.

use km_audit::EventKind;
use km_domain::Timestamp;
use km_storage::{MosipAuthorityRow, Unrecorded, Write};
use km_x509::Certificate;

use super::{
    AuthorityKind, PartnerFault,
    authority::thumbprint,
    checked_id,
    judge::Judge,
    store::Domain,
    upload::{no_path, strangers},
};
use crate::{
    Caller, Keys, Operation, OperationError, Operations,
    caller::refused as refused_event,
    keys::seal_row,
    mosip::import::{admitted, unfit},
};

/// An authority as its source has it.
#[derive(Debug, Clone)]
pub struct IncomingAuthority {
    /// At most 36 characters.
    pub id: String,
    pub domain: String,
    /// DER.
    pub certificate: Vec<u8>,
    /// When it came into the source.
    pub created: Timestamp,
}

/// Takes it in. Whether it was not there: the same certificate in the same domain is there once, whatever its id. It may have ended
/// since, or be about to: what it issued can still be asked about. The keyring has to be loaded behind it.
///
/// Errors: a member breaks a rule; it is no authority's certificate, or a partner's for which one of our own keys signed; no path leads
/// to a root of the domain, at the last moment at which it might; another certificate has the id.
pub fn take_authority(operations: &Operations, caller: &Caller, incoming: &IncomingAuthority) -> Operation<bool> {
    let keys = operations.keyring.keys();
    match row(operations, &keys, caller, incoming) {
        Ok(None) => Unrecorded::unremarkable(Ok(false)),
        Ok(Some(row)) => {
            let mut event = caller.event(operations, EventKind::CertificateInstalled);
            event.object = Some(format!("{}/authority {}", row.domain, row.id));
            event.digests.insert("certificate".to_owned(), km_audit::digest::hex_sha256(&row.certificate));
            let conflict = refused_event(event.clone(), &OperationError::Conflict("mosip-authority-exists"));
            Unrecorded::new(Ok(true), event)
                .with(Write::insert_mosip_authority(row))
                .checked_at(keys.epoch)
                .changing_state()
                .or_on_conflict(conflict)
        }
        Err(error) => caller.refuse(operations, EventKind::CertificateInstalled, error),
    }
}

fn row(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    incoming: &IncomingAuthority,
) -> Result<Option<MosipAuthorityRow>, OperationError> {
    admitted(operations, caller)?;
    let tenant = caller.tenant();
    let judge = Judge::of(operations, keys)?;
    let id = checked_id(&incoming.id).map_err(unfit("id"))?;
    let domain = judge.rules.domain(&incoming.domain).map_err(unfit("domain"))?;
    let certificate = strangers(&incoming.certificate).map_err(unfit("certificate"))?;
    // 1. What is here already.
    if let Some(known) = keys.mosip.trust.authorities(tenant).find(|known| known.id == id) {
        let is_same = known.domain == domain && known.certificate.der == certificate.der;
        return if is_same { Ok(None) } else { Err(OperationError::Conflict("mosip-certificate-differs")) };
    }
    let stored = keys.mosip.trust.domain(tenant, &domain);
    if stored.is_some_and(|stored| stored.authorities.iter().any(|known| known.certificate.der == certificate.der)) {
        return Ok(None);
    }
    // 2. What it has to be.
    let (kind, issuer_id) =
        place(&judge, stored, &certificate, operations.clock.now()).map_err(unfit("certificate"))?;
    // 3. Its row.
    let mut row = MosipAuthorityRow {
        tenant: tenant.to_string(),
        id: id.to_owned(),
        domain,
        kind: kind.name().to_owned(),
        issuer_id: issuer_id.unwrap_or_else(|| id.to_owned()),
        thumbprint: thumbprint(&certificate),
        certificate: certificate.der.clone(),
        created: incoming.created.min(operations.clock.now()).micros(),
        log_index: -1,
        integrity: Vec::new(),
    };
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Ok(Some(row))
}

/// Root, or the one below another authority with that id.
fn place(
    judge: &Judge<'_>,
    stored: Option<&Domain>,
    certificate: &Certificate,
    now: Timestamp,
) -> Result<(AuthorityKind, Option<String>), PartnerFault> {
    if certificate.version != 3 {
        return Err(PartnerFault::Version);
    }
    if !certificate.is_ca || certificate.key_usages.is_some_and(|bits| !bits.certificate_sign) {
        return Err(PartnerFault::Invalid("it is not the certificate of an authority"));
    }
    if judge.is_a_partners(certificate) {
        return Err(PartnerFault::Invalid("our own key signed it for a partner, who is no authority here"));
    }
    if !certificate.is_signed_soundly() {
        return Err(PartnerFault::Algorithm);
    }
    if certificate.is_self_signed() {
        return Ok((AuthorityKind::Root, None));
    }
    let path = judge
        .path_over(stored, &[], certificate, &[], now.clamp(certificate.not_before, certificate.not_after))
        .map_err(|error| no_path(error, PartnerFault::NoRoot))?;
    let above = path.get(1).ok_or(PartnerFault::NoRoot)?;
    let mut known = stored.into_iter().flat_map(|stored| &stored.authorities);
    let issuer = known.find(|known| known.certificate.der == above.der);
    Ok((AuthorityKind::Intermediate, issuer.map(|issuer| issuer.id.clone())))
}
