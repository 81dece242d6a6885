//! The certificates from a key's own up to the root.

use km_audit::EventKind;
use km_domain::{TenantId, Timestamp};
use km_formats::mosip::pkcs7;
use km_storage::Unrecorded;
use km_x509::Certificate;

use super::{
    Alias, Fault, KeyName, Kind,
    certificate::{about, current_or_due, unless_due},
    renew::rules,
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// More levels than the dialect's chains have.
const LONGEST: usize = 8;

/// The chain of the current certificate as a PKCS #7 text block, leaf first, and the moment.
///
/// Errors: no path leads to a root of ours; the master key was never made.
pub fn chain(operations: &Operations, caller: &Caller, name: &KeyName) -> Operation<(String, Timestamp)> {
    let keys = operations.keyring.keys();
    match found(operations, &keys, caller, name) {
        Ok((alias, text)) => {
            let mut event = caller.event(operations, EventKind::CertificateRead);
            about(&mut event, alias);
            Unrecorded::new(Ok((text, operations.clock.now())), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::CertificateRead, error),
    }
}

fn found<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    name: &KeyName,
) -> Result<(&'a Alias, String), OperationError> {
    if !rules(operations)?.admit(caller, name) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    let alias = current_or_due(operations, keys, caller, name)?;
    let path = path(keys, caller.tenant(), alias.certified()?).ok_or(OperationError::Mosip(Fault::NoChain))?;
    let ders: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
    let bundle = pkcs7::bundle(&ders).map_err(|_| OperationError::Mosip(Fault::NoChain))?;
    Ok((alias, km_crypto::pem::encode("PKCS7", &bundle)))
}

/// From a certificate to one of ROOT's, both included, DER.
pub(super) fn path(keys: &Keys, tenant: &TenantId, leaf: &Certificate) -> Option<Vec<Vec<u8>>> {
    let masters: Vec<&Certificate> = keys
        .mosip
        .all(tenant)
        .filter(|alias| alias.kind == Kind::Master)
        .filter_map(|alias| alias.certificate.as_ref())
        .filter(|certificate| certificate.is_ca)
        .collect();
    let is_above =
        |above: &Certificate, below: &Certificate| above.subject == below.issuer && below.is_signed_by(above).is_ok();
    let (mut path, mut last) = (vec![leaf.der.clone()], leaf);
    while path.len() <= LONGEST {
        // Also one that another authority certified: what is above it is not ours.
        if is_root(keys, tenant, last) {
            return Some(path);
        }
        last = masters.iter().copied().find(|above| is_above(above, last))?;
        path.push(last.der.clone());
    }
    None
}

fn is_root(keys: &Keys, tenant: &TenantId, certificate: &Certificate) -> bool {
    let root = KeyName::root();
    keys.mosip.aliases(tenant, &root).iter().any(|alias| alias.row.certificate == certificate.der)
}
