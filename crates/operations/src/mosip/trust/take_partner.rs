//! A partner's certificates of another installation, taken in as they were there: their id, so that the partner goes on naming them by it.

use km_audit::EventKind;
use km_domain::Timestamp;
use km_storage::{MosipPartnerRow, Unrecorded, Write};

use super::{
    PartnerFault,
    authority::thumbprint,
    checked_id,
    judge::Judge,
    upload::{no_path, strangers},
};
use crate::{
    Caller, Keys, Operation, OperationError, Operations,
    caller::refused as refused_event,
    keys::seal_row,
    mosip::import::{admitted, unfit},
};

/// A partner as its source has it.
#[derive(Debug, Clone)]
pub struct IncomingPartner {
    /// At most 36 characters.
    pub id: String,
    pub domain: String,
    pub organization: String,
    /// The partner's own, DER.
    pub certificate: Vec<u8>,
    /// The one that the source issued for the same key, DER; or the partner's own again.
    pub issued: Vec<u8>,
    /// When it came into the source.
    pub created: Timestamp,
}

/// Takes it in. Whether it was not there. It may have ended since. The keyring has to be loaded behind it.
///
/// Errors: a member breaks a rule; the certificates are not for one key; no path leads to a root of the domain, at the last moment at
/// which it might; the id has other certificates here.
pub fn take_partner(operations: &Operations, caller: &Caller, incoming: &IncomingPartner) -> Operation<bool> {
    let keys = operations.keyring.keys();
    match row(operations, &keys, caller, incoming) {
        Ok(None) => Unrecorded::unremarkable(Ok(false)),
        Ok(Some(row)) => {
            let mut event = caller.event(operations, EventKind::CertificateInstalled);
            event.object = Some(format!("{}/partner {}", row.domain, row.id));
            event.digests.insert("certificate".to_owned(), km_audit::digest::hex_sha256(&row.certificate));
            let conflict = refused_event(event.clone(), &OperationError::Conflict("mosip-partner-exists"));
            Unrecorded::new(Ok(true), event)
                .with(Write::insert_mosip_partner(row))
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
    incoming: &IncomingPartner,
) -> Result<Option<MosipPartnerRow>, OperationError> {
    admitted(operations, caller)?;
    let (tenant, now) = (caller.tenant(), operations.clock.now());
    let judge = Judge::of(operations, keys)?;
    let id = checked_id(&incoming.id).map_err(unfit("id"))?;
    let domain = judge.rules.domain(&incoming.domain).map_err(unfit("domain"))?;
    let own = strangers(&incoming.certificate).map_err(unfit("certificate"))?;
    let issued = strangers(&incoming.issued).map_err(unfit("issued"))?;
    // 1. What is here already.
    if let Some(known) = keys.mosip.trust.partner(tenant, id) {
        let is_same = known.domain == domain && known.certificate.der == own.der && known.issued.der == issued.der;
        return if is_same { Ok(None) } else { Err(OperationError::Conflict("mosip-certificate-differs")) };
    }
    // 2. What it has to be.
    if issued.spki != own.spki {
        return Err(OperationError::invalid("issued", "must be for the partner's own key"));
    }
    let path = judge.path((tenant, &domain), &own, &[], now.clamp(own.not_before, own.not_after));
    let path = path.map_err(|error| unfit("certificate")(no_path(error, PartnerFault::NoAuthority)))?;
    let issuer = path.get(1).and_then(|above| {
        keys.mosip.trust.authorities(tenant).find(|known| known.domain == domain && known.certificate.der == above.der)
    });
    let issuer = issuer.ok_or_else(|| unfit("certificate")(PartnerFault::SelfSigned))?;
    // 3. Its row.
    let mut row = MosipPartnerRow {
        tenant: tenant.to_string(),
        id: id.to_owned(),
        domain,
        organization: incoming.organization.clone(),
        issuer_id: issuer.id.clone(),
        thumbprint: thumbprint(&own),
        certificate: own.der.clone(),
        issued: issued.der.clone(),
        created: incoming.created.min(now).micros(),
        log_index: -1,
        integrity: Vec::new(),
    };
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Ok(Some(row))
}
