//! Revocation of service certificates, and the list of the revoked.

use std::time::Duration;

use km_audit::EventKind;
use km_ca::{Issuer, Reason, Revocation, RootKind};
use km_domain::{ServiceIdentity, Timestamp};
use km_formats::mosip::identifiers::from_hex;
use km_policy::Action;
use km_storage::{Unrecorded, Write};
use km_x509::Certificate;

use crate::{Caller, Operation, OperationError, Operations, keys::names};

/// How long a list holds; the key manager makes a new one far more often.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// An officer revokes a certificate of the own tenant by its serial number.
pub fn revoke(operations: &Operations, caller: &Caller, serial: &str) -> Operation<()> {
    let serial = serial.to_ascii_lowercase();
    if let Err(error) = revocable(operations, caller, &serial) {
        return caller.refuse(operations, EventKind::CertificateRevoked, error);
    }
    let mut event = caller.event(operations, EventKind::CertificateRevoked);
    event.object = Some(format!("certificate {serial}"));
    let conflict = crate::caller::refused(event.clone(), &NOT_VALID);
    Unrecorded::new(Ok(()), event)
        .with(Write::revoke_certificate(&serial, operations.clock.now()))
        .changing_state()
        .or_on_conflict(conflict)
}

/// Another tenant's certificate looks like one that is not there.
const NOT_VALID: OperationError = OperationError::Conflict("certificate-not-valid");

fn revocable(operations: &Operations, caller: &Caller, serial: &str) -> Result<(), OperationError> {
    caller.may(Action::RevokeCertificate, operations.clock.now())?;
    if serial.is_empty() || serial.len() > 64 || !serial.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(OperationError::invalid("serial", "must be hexadecimal"));
    }
    let row = operations.storage.certificate(serial)?.ok_or(NOT_VALID)?;
    let identity = ServiceIdentity::from_uri(&row.identity).ok_or(NOT_VALID)?;
    if identity.tenant == *caller.tenant() { Ok(()) } else { Err(NOT_VALID) }
}

/// The service root's revocation list as of now, DER.
pub fn revocation_list(operations: &Operations) -> Result<Vec<u8>, OperationError> {
    let now = operations.clock.now();
    let keys = operations.keyring.keys();
    let root = keys.system(names::SERVICE_ROOT)?.current()?;
    let damaged = || OperationError::Unavailable("the service root's certificate is damaged".into());
    let der = root.certificates.first().ok_or_else(damaged)?;
    let certificate = Certificate::from_der(der).map_err(|_| damaged())?;
    let issuer = Issuer::new(RootKind::Service, &certificate, &*operations.keys, &root.stored)?;
    let revoked = operations
        .storage
        .revoked_certificates(now)?
        .into_iter()
        .filter_map(|row| {
            let serial = from_hex(&row.serial)?;
            Some(Revocation { serial, at: Timestamp::from_micros(row.revoked?), reason: Reason::Unspecified })
        })
        .collect::<Vec<_>>();
    let number = u64::try_from(now.seconds()).unwrap_or(0);
    Ok(km_ca::revocation_list(&issuer, number, &revoked, now, LIFETIME)?.der)
}
