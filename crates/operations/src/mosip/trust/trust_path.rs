//! The path of an authority's certificate up to its root.

use km_audit::EventKind;
use km_domain::Timestamp;
use km_formats::mosip::pkcs7;
use km_storage::Unrecorded;

use super::{Authority, PartnerFault, admitted, checked_id, judge::Judge};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// The path as a PKCS #7 text block, the authority with this id first, and the moment.
///
/// Errors: there is none with the id; no path leads from it to a root any more.
pub fn trust_path(operations: &Operations, caller: &Caller, id: &str) -> Operation<(String, Timestamp)> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    match found(operations, &keys, caller, id, now) {
        Ok((authority, text)) => {
            let mut event = caller.event(operations, EventKind::CertificateRead);
            event.object = Some(format!("{}/authority {}", authority.domain, authority.id));
            Unrecorded::new(Ok((text, now)), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::CertificateRead, error),
    }
}

fn found<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &'a Caller,
    id: &str,
    now: Timestamp,
) -> Result<(&'a Authority, String), OperationError> {
    admitted(operations, caller)?;
    let id = checked_id(id)?;
    let tenant = caller.tenant();
    let mut authorities = keys.mosip.trust.authorities(tenant);
    let authority = authorities.find(|authority| authority.id == id).ok_or(PartnerFault::UnknownAuthority)?;
    let path = Judge::of(operations, keys)?
        .path((tenant, &authority.domain), &authority.certificate, &[], now)
        .map_err(|_| PartnerFault::NoRoot)?;
    let ders: Vec<&[u8]> = path.iter().map(|certificate| certificate.der.as_slice()).collect();
    let bundle = pkcs7::bundle(&ders).map_err(|_| PartnerFault::Bundle)?;
    Ok((&**authority, km_crypto::pem::encode("PKCS7", &bundle)))
}
