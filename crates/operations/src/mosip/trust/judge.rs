//! Whether a certificate leads to a root of a domain, and nobody took it back.

use std::sync::Arc;

use km_domain::{TenantId, Timestamp};
use km_x509::{Certificate, Status, TrustStore, X509Error, find_path};

use super::{Authority, AuthorityKind, TrustRules, statuses::Statuses, store::Domain};
use crate::{
    Caller, Keys, OperationError, Operations,
    mosip::{Kind, MosipRules, renew::rules},
};

/// By what certificates are judged.
pub(super) struct Judge<'a> {
    pub keys: &'a Keys,
    pub rules: &'a TrustRules,
    /// The tenant that the dialect serves.
    tenant: &'a TenantId,
    statuses: &'a Statuses,
}

/// Whether a certificate leads to a root of the domain, over others (DER) that came with it. Of those that do not read nothing is known.
///
/// Errors: the dialect is not served.
pub(in crate::mosip) fn leads_to_domain(
    operations: &Operations,
    keys: &Keys,
    caller: &Caller,
    domain: &str,
    (certificate, sent): (&Certificate, &[Vec<u8>]),
    at: Timestamp,
) -> Result<bool, OperationError> {
    let judge = Judge::of(operations, keys)?;
    let Ok(domain) = judge.rules.domain(domain) else { return Ok(false) };
    let sent: Vec<Certificate> = sent.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    Ok(judge.path((caller.tenant(), &domain), certificate, &sent, at).is_ok())
}

impl<'a> Judge<'a> {
    /// Errors: the dialect is not served.
    pub(super) fn of(operations: &'a Operations, keys: &'a Keys) -> Result<Self, OperationError> {
        let MosipRules { trust, tenant, .. } = rules(operations)?;
        Ok(Self { keys, rules: trust, tenant, statuses: &operations.keyring.statuses })
    }

    /// The path from a certificate to a root of the domain's store, both included.
    ///
    /// Inputs: the domain in capitals; others that came with the certificate, of which nothing is believed; the moment. Errors: why
    /// there is none; [`X509Error::UnknownIssuer`] of a domain without a store.
    pub(super) fn path<'p>(
        &self,
        (tenant, domain): (&TenantId, &str),
        certificate: &'p Certificate,
        sent: &'p [Certificate],
        at: Timestamp,
    ) -> Result<Vec<&'p Certificate>, X509Error>
    where
        'a: 'p,
    {
        let domain = self.keys.mosip.trust.domain(tenant, domain).ok_or(X509Error::UnknownIssuer)?;
        self.path_over(Some(domain), &[], certificate, sent, at)
    }

    /// As [`Judge::path`], with further authorities that are just coming in.
    pub(super) fn path_over<'p>(
        &self,
        domain: Option<&'p Domain>,
        coming: &'p [Arc<Authority>],
        certificate: &'p Certificate,
        sent: &'p [Certificate],
        at: Timestamp,
    ) -> Result<Vec<&'p Certificate>, X509Error> {
        let link = |below: &Certificate, above: &Certificate| {
            let is_stored =
                domain.is_some_and(|domain| domain.authorities.iter().any(|known| known.certificate == *above));
            if !is_stored && self.is_a_partners(above) {
                return Err(X509Error::WrongUsage("a partner is no authority"));
            }
            self.not_revoked(domain, below, above, at)
        };
        find_path(certificate, sent, &store(domain, coming), at, &link)
    }

    /// Whether one of our own keys signed it for somebody else. MOSIP made such certificates CA's, and of those keys that were moved in
    /// they are still about: a partner could issue for all others.
    pub(super) fn is_a_partners(&self, certificate: &Certificate) -> bool {
        let own = || self.keys.mosip.all(self.tenant).filter(|alias| alias.kind == Kind::Master);
        let mut above = own().filter_map(|alias| alias.certificate.as_ref());
        certificate.subject_der != certificate.issuer_der
            && above.any(|above| above.subject_der == certificate.issuer_der && certificate.is_signed_by(above).is_ok())
            && !own().any(|alias| alias.row.certificate == certificate.der)
    }

    /// As [`Judge::path`], whatever is known of revocation.
    pub(super) fn path_whatever_its_status<'p>(
        &self,
        (tenant, domain): (&TenantId, &str),
        certificate: &'p Certificate,
        sent: &'p [Certificate],
        at: Timestamp,
    ) -> Result<Vec<&'p Certificate>, X509Error>
    where
        'a: 'p,
    {
        let domain = self.keys.mosip.trust.domain(tenant, domain);
        find_path(certificate, sent, &store(domain, &[]), at, &|_, _| Ok(()))
    }

    fn not_revoked(
        &self,
        domain: Option<&Domain>,
        certificate: &Certificate,
        issuer: &Certificate,
        at: Timestamp,
    ) -> Result<(), X509Error> {
        let lists = domain.into_iter().flat_map(|domain| &domain.lists).filter(|list| list.is_of(issuer));
        let mut said: Vec<Status> = lists.map(|list| list.list.status(certificate, at)).collect();
        said.push(self.statuses.status(certificate, issuer, at));
        match () {
            () if said.contains(&Status::Revoked) => Err(X509Error::Revoked),
            () if self.rules.refuse_unknown && !said.contains(&Status::Good) => Err(X509Error::RevocationUnknown),
            () => Ok(()),
        }
    }
}

fn store<'p>(domain: Option<&'p Domain>, coming: &'p [Arc<Authority>]) -> TrustStore<'p> {
    let of_kind = |kind| {
        let stored = domain.map_or(&[][..], |domain| &domain.authorities);
        let all = stored.iter().chain(coming).filter(move |authority| authority.kind == kind);
        all.map(|authority| &authority.certificate).collect()
    };
    TrustStore { roots: of_kind(AuthorityKind::Root), intermediates: of_kind(AuthorityKind::Intermediate) }
}
