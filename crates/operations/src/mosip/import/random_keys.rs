//! The random keys of `zkEncrypt`, on the way that `migrateZKKeys` has for them, ordered by an officer.

use km_audit::EventKind;
use km_domain::Timestamp;

use super::admitted;
use crate::{
    Caller, Operation, Operations, Record,
    mosip::{Migrated, ToMigrate, zk, zk_transfer_certificate},
};

/// The certificate (PEM) to which they are encrypted, and now. Where none is current, a key has to be made first, which the door
/// orders ([`Fault::Due`](crate::mosip::Fault::Due)); it lives for a day.
pub fn random_key_transfer(operations: &Operations, caller: &Caller) -> Operation<(String, Timestamp)> {
    match admitted(operations, caller) {
        Ok(()) => zk_transfer_certificate(operations, caller),
        Err(error) => caller.refuse(operations, EventKind::CertificateRead, error),
    }
}

/// Takes in those that open and are not here.
///
/// Errors: no transfer certificate, or no key KERNEL and IDENTITY_CACHE to wrap them under, is current.
pub fn take_random_keys(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    asked: &ToMigrate,
) -> Operation<Migrated> {
    zk::take_in(operations, record, caller, asked, admitted(operations, caller))
}
