//! What the dialect holds already, for whoever plans to move something in.

use km_audit::EventKind;
use km_crypto::digest::sha256;
use km_domain::Timestamp;
use km_storage::Unrecorded;
use km_x509::Certificate;

use super::admitted;
use crate::{
    Caller, Operation, Operations,
    mosip::{KeyName, Kind, Policy, alias::thumbprint_text},
};

/// An alias, without its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub id: String,
    pub name: KeyName,
    pub kind: Kind,
    pub generated: Timestamp,
    pub expires: Timestamp,
    /// Upper-case hexadecimal SHA-256 of the certificate; empty without one.
    pub thumbprint: String,
    /// Whether it is current now, or will be.
    pub serves: bool,
}

/// A certificate of the trust stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    pub id: String,
    pub domain: String,
    /// Upper-case hexadecimal SHA-256 of the certificate.
    pub thumbprint: String,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    pub aliases: Vec<Held>,
    pub policies: Vec<Policy>,
    pub authorities: Vec<Trusted>,
    pub partners: Vec<Trusted>,
    pub now: Timestamp,
}

/// Every alias and policy of the caller's tenant.
pub fn inventory(operations: &Operations, caller: &Caller) -> Operation<Inventory> {
    if let Err(error) = admitted(operations, caller) {
        return caller.refuse(operations, EventKind::CertificateRead, error);
    }
    let keys = operations.keyring.keys();
    let (tenant, now) = (caller.tenant(), operations.clock.now());
    let mut aliases: Vec<Held> = keys
        .mosip
        .all(tenant)
        .map(|alias| Held {
            id: alias.row.id.clone(),
            name: alias.name.clone(),
            kind: alias.kind,
            generated: alias.generated,
            expires: alias.expires,
            thumbprint: alias.row.thumbprint.clone(),
            serves: alias.is_current(now, keys.mosip.early(tenant, &alias.name)) || alias.is_to_come(now),
        })
        .collect();
    aliases.sort_by(|one, other| (&one.name, one.generated, &one.id).cmp(&(&other.name, other.generated, &other.id)));
    let policies = keys.mosip.policies(tenant);
    let trusted = |id: &String, domain: &String, certificate: &Certificate| Trusted {
        id: id.clone(),
        domain: domain.clone(),
        thumbprint: thumbprint_text(&sha256(&certificate.der)),
    };
    let trust = &keys.mosip.trust;
    let authorities = trust.authorities(tenant).map(|one| trusted(&one.id, &one.domain, &one.certificate)).collect();
    let partners = trust.partners(tenant).map(|one| trusted(&one.id, &one.domain, &one.certificate)).collect();
    let event = caller.event(operations, EventKind::CertificateRead);
    Unrecorded::new(Ok(Inventory { aliases, policies, authorities, partners, now }), event).checked_at(keys.epoch)
}
