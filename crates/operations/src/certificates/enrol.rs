//! First certificate by one-time token, and renewal by the certificate that is still valid.

use km_audit::{Actor, Event, EventKind};
use km_ca::profile;
use km_domain::{SecretText, ServiceIdentity, ServiceKind, Timestamp};
use km_storage::{CertificateRow, Unrecorded, Write};
use km_x509::{Certificate, request::parse_and_verify};

use super::Issued;
use crate::{Operation, OperationError, Operations, caller::refused, keys::issue_under_root};

/// The first certificate: uses the token up, takes only the public key from the request.
pub fn enrol(operations: &Operations, token: &SecretText, csr: &[u8]) -> Operation<Issued> {
    let digest = km_crypto::digest::sha256(token.expose().as_bytes()).to_vec();
    let now = operations.clock.now();
    let found = operations.storage.invitation(&digest, now).map_err(OperationError::from).and_then(|row| {
        row.and_then(|row| ServiceIdentity::from_uri(&row.identity))
            .ok_or(OperationError::refused("token-invalid", "the one-time token is unknown, used or expired"))
    });
    let identity = match found {
        Ok(identity) => identity,
        Err(error) => {
            let event = refused(event(operations, EventKind::CertificateIssued, None), &error);
            return Unrecorded::new(Err(error), event);
        }
    };
    issue(operations, EventKind::CertificateIssued, &identity, csr, now, vec![Write::take_invitation(digest)])
}

/// A new certificate for the identity that the call came with.
pub fn renew(operations: &Operations, identity: &ServiceIdentity, csr: &[u8]) -> Operation<Issued> {
    issue(operations, EventKind::CertificateRenewed, identity, csr, operations.clock.now(), Vec::new())
}

fn event(operations: &Operations, kind: EventKind, identity: Option<&ServiceIdentity>) -> Event {
    let actor = identity.map_or_else(Actor::unknown, |identity| Actor::service(identity.uri()));
    let mut event = Event::new(kind, operations.clock.now(), actor, km_crypto::random::bytes());
    event.tenant = identity.map(|identity| identity.tenant.clone());
    operations.rules.mark(&mut event);
    event
}

fn issue(
    operations: &Operations,
    kind: EventKind,
    identity: &ServiceIdentity,
    csr: &[u8],
    now: Timestamp,
    mut writes: Vec<Write>,
) -> Operation<Issued> {
    let mut event = event(operations, kind, Some(identity));
    match make(operations, identity, csr) {
        Ok((issued, leaf)) => {
            event.object = Some(format!("certificate {}", leaf.serial_text()));
            writes.push(Write::insert_certificate(row(&leaf, identity, now)));
            let conflict =
                refused(event.clone(), &OperationError::refused("token-invalid", "the one-time token was used"));
            Unrecorded::new(Ok(issued), event).with_all(writes).or_on_conflict(conflict)
        }
        Err(error) => {
            let event = refused(event, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

fn make(
    operations: &Operations,
    identity: &ServiceIdentity,
    csr: &[u8],
) -> Result<(Issued, Certificate), OperationError> {
    let request = parse_and_verify(csr).map_err(|_| {
        OperationError::invalid("csr", "must be a PKCS#10 request, signed by its own key, of an accepted algorithm")
    })?;
    // Services listen too; programs of people and backends only call. Only services renew their certificate by themselves.
    let rules = &operations.rules;
    let (profile, lifetime) = match identity.kind {
        ServiceKind::Registry | ServiceKind::KeyManager => {
            (profile::service_listener(identity, &[]), rules.certificate_lifetime)
        }
        ServiceKind::Issuer => (profile::service_listener(identity, &[]), rules.workstation_lifetime),
        ServiceKind::Officer | ServiceKind::Client => (profile::service_client(identity), rules.workstation_lifetime),
    };
    let keys = operations.keyring.keys();
    let mut chain = issue_under_root(operations, &keys, &profile, &request.public_key, lifetime)?;
    let root = chain.pop().ok_or_else(|| OperationError::Unavailable("the service root has no certificate".into()))?;
    let leaf = chain.first().and_then(|der| Certificate::from_der(der).ok());
    let leaf = leaf.ok_or_else(|| OperationError::Unavailable("the certificate made does not read".into()))?;
    Ok((Issued { chain, root }, leaf))
}

pub(super) fn row(leaf: &Certificate, identity: &ServiceIdentity, now: Timestamp) -> CertificateRow {
    CertificateRow {
        serial: leaf.serial_text(),
        identity: identity.uri(),
        issued: now.micros(),
        expires: leaf.not_after.micros(),
        revoked: None,
    }
}
