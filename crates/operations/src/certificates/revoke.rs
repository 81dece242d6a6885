//! Revocation of service certificates, and the list of the revoked.

use std::time::Duration;

use km_audit::EventKind;
use km_ca::{Issuer, Reason, Revocation, RootKind};
use km_domain::Timestamp;
use km_policy::Action;
use km_storage::{Unrecorded, Write};
use km_x509::Certificate;

use crate::{Caller, Operation, OperationError, Operations, keys::names};

/// How long a list holds; the key manager makes a new one far more often.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// An officer revokes a certificate by its serial number.
pub fn revoke(operations: &Operations, caller: &Caller, serial: &str) -> Operation<()> {
    let now = operations.clock.now();
    if let Err(error) = caller.may(Action::RevokeCertificate, now) {
        return caller.refuse(operations, EventKind::CertificateRevoked, error);
    }
    let is_serial = !serial.is_empty() && serial.len() <= 64 && serial.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_serial {
        let error = OperationError::invalid("serial", "must be hexadecimal");
        return caller.refuse(operations, EventKind::CertificateRevoked, error);
    }
    let mut event = caller.event(operations, EventKind::CertificateRevoked);
    event.object = Some(format!("certificate {}", serial.to_ascii_lowercase()));
    let conflict = crate::caller::refused(event.clone(), &OperationError::Conflict("certificate-not-valid"));
    Unrecorded::new(Ok(()), event)
        .with(Write::revoke_certificate(&serial.to_ascii_lowercase(), now))
        .changing_state()
        .or_on_conflict(conflict)
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

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
