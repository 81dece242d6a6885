//! Every certificate of a name, for key sets that clients make of them.

use km_audit::EventKind;
use km_domain::Timestamp;
use km_storage::Unrecorded;

use super::{Alias, KeyName, renew::rules};
use crate::{Caller, Operation, OperationError, Operations};

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// PEM.
    pub certificate: String,
    /// The alias's own times: a key that was taken out of use ended before its certificate.
    pub issued: Timestamp,
    pub expires: Timestamp,
    /// What `kid` is in a signature by this key, without a prefix.
    pub key_id: String,
}

/// All of them, oldest first, those that have ended and those that are to come included; none for a name without keys.
pub fn all_certificates(operations: &Operations, caller: &Caller, name: &KeyName) -> Operation<Vec<Listed>> {
    let keys = operations.keyring.keys();
    match rules(operations).map(|rules| rules.admit(caller, name)) {
        Ok(true) => {}
        Ok(false) => {
            let error = OperationError::Mosip(super::Fault::NoPolicy);
            return caller.refuse(operations, EventKind::CertificateRead, error);
        }
        Err(error) => return caller.refuse(operations, EventKind::CertificateRead, error),
    }
    let aliases = keys.mosip.aliases(caller.tenant(), name);
    let listed: Vec<Listed> = aliases.iter().filter_map(|alias| listed(alias)).collect();
    let mut event = caller.event(operations, EventKind::CertificateRead);
    // A name without keys is whatever the caller wrote: it does not get into the log.
    event.object = (!aliases.is_empty()).then(|| name.to_string());
    event.count = listed.len() as u64;
    Unrecorded::new(Ok(listed), event).checked_at(keys.epoch)
}

fn listed(alias: &Alias) -> Option<Listed> {
    Some(Listed {
        certificate: alias.certificate.as_ref()?.to_pem(),
        issued: alias.generated,
        expires: alias.expires,
        key_id: alias.kid.clone()?,
    })
}
