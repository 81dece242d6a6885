//! Certificates that come from elsewhere: one that another authority issued for a key of ours, and those of other parties.
//!
//! What our key's former certificate named goes on opening and verifying: its alias stays, ended, beside the new one. (MOSIP replaces
//! it, after which older ciphertext finds no key.)

use km_audit::EventKind;
use km_crypto::random;
use km_domain::{RecordId, Timestamp};
use km_envelope::mosip::identifiers::UniqueIdentifier;
use km_storage::{MosipAliasRow, Unrecorded, Write};
use km_x509::Certificate;

use super::{
    Alias, Fault, KeyName, Kind, Unwanted,
    alias::thumbprint_text,
    client_crypto::decrypting,
    make::dated,
    renew::rules,
    retire::{end, unchanged},
};
use crate::{Caller, Keys, Operation, OperationError, Operations, caller::refused, keys::seal_row};

/// Puts a certificate (PEM) to the current key of a name.
///
/// Errors: not exactly one is current; it cannot be read; it is for another key.
pub fn install(operations: &Operations, caller: &Caller, name: &KeyName, certificate: &str) -> Operation<Timestamp> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    let made = admitted(operations, caller, name).and_then(|()| {
        let current = keys.mosip.current(caller.tenant(), name, now).map_err(OperationError::Mosip)?;
        let alias = current.ok_or(OperationError::Mosip(Fault::MoreThanOneCurrent))?;
        let certificate = parsed(certificate)?;
        if alias.certified()?.spki != certificate.spki {
            return Err(OperationError::Mosip(Fault::CertificateOfAnotherKey));
        }
        // Nothing could be issued below it.
        if alias.kind == Kind::Master && !certificate.is_ca {
            return Err(OperationError::Mosip(Fault::CertificateNotWanted(Unwanted::NoAuthority)));
        }
        // The former one ends now, and the key shall not be without.
        if now < certificate.not_before {
            return Err(OperationError::Mosip(Fault::CertificateOutOfTime));
        }
        let id = new_id(now);
        let unique_id = dated(&keys, caller.tenant(), name, now, &id);
        let row = MosipAliasRow { id, unique_id: Some(unique_id), ..alias.row.clone() };
        let mut writes = vec![unchanged(&keys, caller.tenant(), name), insert(operations, &keys, row, &certificate)?];
        // One that was made to come after it would be current beside a certificate that lasts longer.
        for old in keys.mosip.aliases(caller.tenant(), name) {
            if old.row.id == alias.row.id || old.is_to_come(now) {
                writes.push(end(operations, &keys, old, now)?);
            }
        }
        Ok(writes)
    });
    conclude(operations, caller, name, made, now)
}

/// Stores another party's certificate (PEM) under a name.
///
/// Errors: the name is one of ours, or the certificate is there already; it cannot be read.
pub fn install_other(
    operations: &Operations,
    caller: &Caller,
    name: &KeyName,
    certificate: &str,
) -> Operation<Timestamp> {
    let keys = operations.keyring.keys();
    let now = operations.clock.now();
    let made =
        admitted(operations, caller, name).and_then(|()| other(operations, &keys, caller, name, certificate, now));
    conclude(operations, caller, name, made, now)
}

/// As [`install_other`], of a certificate that another installation had under this name: false where it is here already.
pub fn migrate_certificate(
    operations: &Operations,
    caller: &Caller,
    name: &KeyName,
    certificate: &str,
) -> Operation<bool> {
    let keys = operations.keyring.keys();
    let thumbprint = parsed(certificate).ok().map(|certificate| km_crypto::digest::sha256(&certificate.der));
    let is_here = |alias: &std::sync::Arc<Alias>| alias.kind == Kind::Foreign && alias.thumbprint == thumbprint;
    let is_known = thumbprint.is_some() && keys.mosip.aliases(caller.tenant(), name).iter().any(is_here);
    match admitted(operations, caller, name) {
        Ok(()) if is_known => {
            let mut event = caller.event(operations, EventKind::CertificateInstalled);
            event.object = Some(name.to_string());
            Unrecorded::new(Ok(false), refused(event, &OperationError::Conflict("mosip-alias-exists")))
        }
        _ => install_other(operations, caller, name, certificate).map(|done| done.map(|_| true)),
    }
}

fn other(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    name: &KeyName,
    certificate: &str,
    now: Timestamp,
) -> Result<Vec<Write>, OperationError> {
    let tenant = caller.tenant();
    let unwanted = |why| OperationError::Mosip(Fault::CertificateNotWanted(why));
    if name.is_kernel_sign() {
        return Err(unwanted(Unwanted::KernelSign));
    }
    if name.is_curve_sign() {
        return Err(unwanted(Unwanted::Curve));
    }
    // Clients are told to encrypt to it, and nobody else shall read them.
    if *name == decrypting(operations)? {
        return Err(unwanted(Unwanted::OwnKey));
    }
    let current = keys.mosip.current(tenant, name, now).map_err(OperationError::Mosip)?;
    let certificate = parsed(certificate)?;
    let thumbprint = km_crypto::digest::sha256(&certificate.der);
    match current {
        None if keys.mosip.aliases(tenant, name).iter().any(|alias| alias.kind != Kind::Foreign) => {
            return Err(unwanted(Unwanted::HadOwnKey));
        }
        Some(alias) if alias.kind != Kind::Foreign => return Err(unwanted(Unwanted::OwnKey)),
        Some(alias) if alias.thumbprint == Some(thumbprint) => return Err(unwanted(Unwanted::Same)),
        _ => {}
    }
    let id = new_id(now);
    let of_certificate = UniqueIdentifier::of_certificate(&name.application, &name.reference, &thumbprint).to_text();
    // A certificate that comes back after another one was stored here before.
    let unique_id = if keys.mosip.knows(tenant, &of_certificate) {
        UniqueIdentifier::of_day(&name.application, &name.reference, now, &format!("_{id}")).to_text()
    } else {
        of_certificate
    };
    let row = MosipAliasRow {
        tenant: tenant.to_string(),
        id,
        application: name.application.clone(),
        reference: name.reference.clone(),
        kind: Kind::Foreign.name().to_owned(),
        key_id: String::new(),
        version: 0,
        generated: 0,
        expires: 0,
        thumbprint: String::new(),
        unique_id: Some(unique_id),
        certificate: Vec::new(),
        log_index: -1,
        integrity: Vec::new(),
    };
    let mut writes = vec![unchanged(keys, tenant, name), insert(operations, keys, row, &certificate)?];
    for old in keys.mosip.aliases(tenant, name) {
        // One that is to begin later would be current beside this one.
        if current.is_some_and(|alias| alias.row.id == old.row.id) || old.is_to_come(now) {
            writes.push(end(operations, keys, old, now)?);
        }
    }
    Ok(writes)
}

fn admitted(operations: &Operations, caller: &Caller, name: &KeyName) -> Result<(), OperationError> {
    if rules(operations)?.admit(caller, name) { Ok(()) } else { Err(OperationError::Mosip(Fault::NoPolicy)) }
}

fn parsed(pem: &str) -> Result<Certificate, OperationError> {
    Certificate::from_pem(pem).map_err(|_| OperationError::Mosip(Fault::CertificateMalformed))
}

fn new_id(now: Timestamp) -> String {
    RecordId::new(now, random::bytes()).to_string()
}

/// The row with the certificate's times and thumbprint.
fn insert(
    operations: &Operations,
    keys: &Keys,
    row: MosipAliasRow,
    certificate: &Certificate,
) -> Result<Write, OperationError> {
    let mut row = MosipAliasRow {
        generated: certificate.not_before.micros(),
        expires: certificate.not_after.micros(),
        thumbprint: thumbprint_text(&km_crypto::digest::sha256(&certificate.der)),
        certificate: certificate.der.clone(),
        ..row
    };
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Ok(Write::insert_mosip_alias(row))
}

fn conclude(
    operations: &Operations,
    caller: &Caller,
    name: &KeyName,
    made: Result<Vec<Write>, OperationError>,
    now: Timestamp,
) -> Operation<Timestamp> {
    match made {
        Ok(writes) => {
            let mut event = caller.event(operations, EventKind::CertificateInstalled);
            event.object = Some(name.to_string());
            let conflict = refused(event.clone(), &OperationError::Conflict("mosip-alias-exists"));
            Unrecorded::new(Ok(now), event).with_all(writes).changing_state().or_on_conflict(conflict)
        }
        Err(error) => caller.refuse(operations, EventKind::CertificateInstalled, error),
    }
}

impl Alias {
    /// Whether both hold the same private key.
    pub(super) fn shares_key_with(&self, other: &Self) -> bool {
        self.key.is_some() && self.key == other.key
    }
}
