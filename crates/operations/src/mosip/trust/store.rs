//! The trust stores in memory, each row checked against its integrity code.

use std::{collections::HashMap, sync::Arc};

use km_domain::TenantId;
use km_keystore::{KeyStore, StoredKey};
use km_storage::Storage;
use km_x509::{Certificate, Crl};

use super::{Authority, Partner};
use crate::{OperationError, keyring::is_intact};

/// All stores of all tenants.
#[derive(Default)]
pub struct TrustStores {
    domains: HashMap<(TenantId, String), Domain>,
    partners: HashMap<(TenantId, String), Arc<Partner>>,
}

/// The store of one domain.
#[derive(Default)]
pub(super) struct Domain {
    /// Oldest first.
    pub authorities: Vec<Arc<Authority>>,
    pub lists: Vec<SignedList>,
}

/// A revocation list, and the key that it verifies under.
pub(super) struct SignedList {
    pub list: Crl,
    /// SubjectPublicKeyInfo of the issuer, DER.
    pub spki: Vec<u8>,
}

impl SignedList {
    /// The list with the key of the authority that made it; none where none of these did.
    pub(super) fn of(list: Crl, authorities: &[Arc<Authority>]) -> Option<Self> {
        let by = authorities.iter().find(|authority| list.is_signed_by(&authority.certificate).is_ok())?;
        Some(Self { list, spki: by.certificate.spki.clone() })
    }

    pub(super) fn is_of(&self, issuer: &Certificate) -> bool {
        self.list.issuer_der == issuer.subject_der && self.spki == issuer.spki
    }
}

impl Domain {
    /// Whether there is a list of the same authority about the same part of its certificates, as new as this or newer.
    pub(super) fn has_newer(&self, signed: &SignedList) -> bool {
        self.lists.iter().any(|other| {
            other.spki == signed.spki
                && other.list.issuer_der == signed.list.issuer_der
                && other.list.scope_bytes() == signed.list.scope_bytes()
                && other.list.this_update.seconds() >= signed.list.this_update.seconds()
        })
    }
}

impl TrustStores {
    pub(super) fn domain(&self, tenant: &TenantId, domain: &str) -> Option<&Domain> {
        self.domains.get(&(tenant.clone(), domain.to_owned()))
    }

    /// Every domain of a tenant that has a store.
    pub(super) fn domains<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = (&'a str, &'a Domain)> {
        let owned = self.domains.iter().filter(move |((owner, _), _)| owner == tenant);
        owned.map(|((_, name), domain)| (name.as_str(), domain))
    }

    /// Every authority of a tenant.
    pub(in crate::mosip) fn authorities<'a>(
        &'a self,
        tenant: &'a TenantId,
    ) -> impl Iterator<Item = &'a Arc<Authority>> {
        self.domains(tenant).flat_map(|(_, domain)| &domain.authorities)
    }

    pub(super) fn partner(&self, tenant: &TenantId, id: &str) -> Option<&Arc<Partner>> {
        self.partners.get(&(tenant.clone(), id.to_owned()))
    }

    /// Every partner of a tenant.
    pub(in crate::mosip) fn partners<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a Partner> {
        self.partners.iter().filter(move |((owner, _), _)| owner == tenant).map(|(_, partner)| &**partner)
    }
}

/// Reads all rows. What does not match its integrity code is left out and named in `refused`.
pub(in crate::mosip) fn read(
    storage: &Storage,
    store: &dyn KeyStore,
    integrity: &StoredKey,
    refused: &mut Vec<String>,
) -> Result<TrustStores, OperationError> {
    let mut stores = TrustStores::default();
    for row in storage.mosip_authorities()? {
        let name = format!("{}/authority {}", row.tenant, row.id);
        let is_intact = is_intact(store, integrity, &row.covered(), &row.integrity)?;
        match (row.tenant.parse::<TenantId>(), Authority::of(row)) {
            (Ok(tenant), Some(authority)) if is_intact => {
                let domain = stores.domains.entry((tenant, authority.domain.clone())).or_default();
                domain.authorities.push(Arc::new(authority));
            }
            _ => refused.push(name),
        }
    }
    for row in storage.mosip_partners()? {
        let name = format!("{}/partner {}", row.tenant, row.id);
        let is_intact = is_intact(store, integrity, &row.covered(), &row.integrity)?;
        match (row.tenant.parse::<TenantId>(), Partner::of(row)) {
            (Ok(tenant), Some(partner)) if is_intact => {
                stores.partners.insert((tenant, partner.id.clone()), Arc::new(partner));
            }
            _ => refused.push(name),
        }
    }
    for row in storage.mosip_revocation_lists()? {
        let name = format!("{}/revocation list {} {}", row.tenant, row.domain, row.issuer);
        let is_intact = is_intact(store, integrity, &row.covered(), &row.integrity)?;
        let domain = row
            .tenant
            .parse::<TenantId>()
            .ok()
            .and_then(|tenant| stores.domains.get_mut(&(tenant, row.domain.clone())));
        let read = domain.filter(|_| is_intact).and_then(|domain| {
            let list = SignedList::of(Crl::from_der(&row.list).ok()?, &domain.authorities)?;
            domain.lists.push(list);
            Some(())
        });
        if read.is_none() {
            refused.push(name);
        }
    }
    Ok(stores)
}
