//! A request for a certificate, signed by the current key that it is for.

use km_audit::EventKind;
use km_ca::mosip::Names;
use km_crypto::pem;
use km_domain::Timestamp;
use km_storage::Unrecorded;

use super::{
    Alias, Fault, KeyName,
    certificate::{about, current_or_due, unless_due},
    make::signing_key,
    renew::{defaults, filled, rules},
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// A request as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// PKCS #10 as PEM.
    pub request: String,
    /// The alias's times, and the certificate's.
    pub alias: (Timestamp, Timestamp),
    pub certificate: (Timestamp, Timestamp),
    pub now: Timestamp,
}

/// Which common name a request has that names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultName {
    /// The configured one with the key's name behind it.
    WithKey,
    /// The configured one.
    Bare,
}

/// The request. Where no key is current, one has to be made first, which the door orders ([`Fault::Due`]).
///
/// Errors: the key asks for no certificates.
pub fn request(
    operations: &Operations,
    caller: &Caller,
    name: &KeyName,
    subject: &Names,
    default: DefaultName,
) -> Operation<Requested> {
    let keys = operations.keyring.keys();
    match requested(operations, &keys, caller, name, subject, default) {
        Ok((alias, made)) => {
            let mut event = caller.event(operations, EventKind::CertificateRequested);
            about(&mut event, alias);
            Unrecorded::new(Ok(made), event).checked_at(keys.epoch)
        }
        Err(error) => unless_due(operations, caller, EventKind::CertificateRequested, error),
    }
}

fn requested<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    name: &KeyName,
    subject: &Names,
    default: DefaultName,
) -> Result<(&'a Alias, Requested), OperationError> {
    let rules = rules(operations)?;
    if !rules.admit(caller, name) {
        return Err(OperationError::Mosip(Fault::NoPolicy));
    }
    if name.is_identity_cache() {
        return Err(OperationError::Mosip(Fault::RequestNotAllowed));
    }
    let alias = current_or_due(operations, keys, caller, name)?;
    let certificate = alias.certified()?;
    let missing = match default {
        DefaultName::WithKey => defaults(rules, name),
        DefaultName::Bare => rules.names.clone(),
    };
    let key = signing_key(alias, keys, caller.tenant())?;
    let der = km_ca::mosip::request(&filled(subject.clone(), &missing), (&*operations.keys, key))?;
    let requested = Requested {
        request: pem::encode("CERTIFICATE REQUEST", &der),
        alias: (alias.generated, alias.expires),
        certificate: (certificate.not_before, certificate.not_after),
        now: operations.clock.now(),
    };
    Ok((alias, requested))
}
