//! The key manager's own listener certificate.

use km_audit::EventKind;
use km_ca::profile;
use km_domain::ServiceIdentity;
use km_storage::{Unrecorded, Write};
use km_x509::{Certificate, request::parse_and_verify};

use super::{Issued, enrol::row};
use crate::{Operation, OperationError, Operations, caller::system_event, keys::issue_under_root};

/// Issues a certificate for the key manager's listeners, for the public key of this request (PKCS#10, DER).
pub fn own(operations: &Operations, identity: &ServiceIdentity, csr: &[u8]) -> Operation<Issued> {
    let mut event = system_event(operations, EventKind::CertificateIssued, "listeners");
    let keys = operations.keyring.keys();
    let profile = profile::service_listener(identity, &operations.rules.dns_names);
    let made = parse_and_verify(csr)
        .map_err(|error| OperationError::invalid("csr", error.to_string()))
        .and_then(|request| {
            let lifetime = operations.rules.certificate_lifetime;
            issue_under_root(operations, &keys, &profile, &request.public_key, lifetime)
        })
        .and_then(|mut chain| {
            let missing = || OperationError::Unavailable("the service root has no certificate".into());
            let root = chain.pop().ok_or_else(missing)?;
            let leaf = chain.first().and_then(|der| Certificate::from_der(der).ok()).ok_or_else(missing)?;
            Ok((Issued { chain, root }, leaf))
        });
    match made {
        Ok((issued, leaf)) => {
            event.object = Some(format!("certificate {}", leaf.serial_text()));
            let write = Write::insert_certificate(row(&leaf, identity, operations.clock.now()));
            Unrecorded::new(Ok(issued), event).with(write)
        }
        Err(error) => {
            let event = crate::caller::refused(event, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}
