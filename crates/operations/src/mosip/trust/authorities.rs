//! The authorities of the trust stores, filtered, in an order, a page at a time.

use km_audit::EventKind;
use km_ca::mosip::Names;
use km_domain::Timestamp;
use km_storage::Unrecorded;

use super::{Authority, AuthorityKind, PartnerFault, admitted, authority::name_text};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// Which of them, and which page. Texts: empty or absent: all.
#[derive(Debug, Clone, Default)]
pub struct ToList {
    pub kind: String,
    pub domain: String,
    /// Leaves out those of our own that issue.
    pub without_own: bool,
    pub id: String,
    /// A part of the subject or issuer, whatever its case.
    pub issued_to: String,
    pub issued_by: String,
    /// Begins not before, ends not after, came in not before this.
    pub valid_from: Option<Timestamp>,
    pub valid_till: Option<Timestamp>,
    pub uploaded: Option<Timestamp>,
    /// Still valid, and ends not after this.
    pub expiring: Option<Timestamp>,
    pub order: OrderBy,
    pub descending: bool,
    /// The first is 1.
    pub page: usize,
    /// At least 1.
    pub size: usize,
}

/// By what they are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderBy {
    #[default]
    Uploaded,
    Id,
    IssuedTo,
    IssuedBy,
    ValidFrom,
    ValidTill,
    Domain,
    Kind,
    Thumbprint,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub kind: AuthorityKind,
    pub domain: String,
    pub id: String,
    pub issued_to: String,
    pub issued_by: String,
    pub thumbprint: String,
    pub valid_from: Timestamp,
    pub valid_till: Timestamp,
    pub uploaded: Timestamp,
    /// Whether it is valid now.
    pub is_valid: bool,
}

/// A page of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub number: usize,
    pub size: usize,
    pub total: usize,
    pub listings: Vec<Listing>,
}

/// Lists them.
///
/// Errors: no such kind or domain.
pub fn list_authorities(operations: &Operations, caller: &Caller, asked: &ToList) -> Operation<Page> {
    let keys = operations.keyring.keys();
    match listed(operations, &keys, caller, asked) {
        Ok(page) => {
            let mut event = caller.event(operations, EventKind::CertificateRead);
            event.object = Some("authorities".to_owned());
            event.count = page.listings.len() as u64;
            Unrecorded::new(Ok(page), event).checked_at(keys.epoch)
        }
        Err(error) => caller.refuse(operations, EventKind::CertificateRead, error),
    }
}

fn listed(operations: &Operations, keys: &Keys, caller: &Caller, asked: &ToList) -> Result<Page, OperationError> {
    let rules = admitted(operations, caller)?;
    let now = operations.clock.now();
    let kind = match asked.kind.trim() {
        "" => None,
        name => {
            let named = AuthorityKind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name));
            Some(named.ok_or(PartnerFault::Type)?)
        }
    };
    let domain = if asked.domain.trim().is_empty() { None } else { Some(rules.domain(&asked.domain)?) };
    let own = |authority: &Authority| {
        let mut aliases = keys.mosip.all(caller.tenant());
        aliases.any(|alias| alias.row.certificate == authority.certificate.der && alias.key.is_some())
    };
    let mut found: Vec<Listing> = keys
        .mosip
        .trust
        .authorities(caller.tenant())
        .filter(|authority| kind.is_none_or(|kind| authority.kind == kind))
        .filter(|authority| domain.as_ref().is_none_or(|domain| authority.domain == *domain))
        .filter(|authority| !asked.without_own || !own(authority))
        .map(|authority| listing(keys, caller, authority, now))
        .filter(|listing| asked.admits(listing, now))
        .collect();
    found.sort_by(|a, b| asked.order.compare(a, b).then_with(|| a.id.cmp(&b.id)));
    if asked.descending {
        found.reverse();
    }
    let (total, size, number) = (found.len(), asked.size.max(1), asked.page.max(1));
    let listings = found.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
    Ok(Page { number, size, total, listings })
}

fn listing(keys: &Keys, caller: &Caller, authority: &Authority, now: Timestamp) -> Listing {
    let certificate = &authority.certificate;
    let mut all = keys.mosip.trust.authorities(caller.tenant());
    let above =
        all.find(|above| above.id == authority.row.issuer_id).map(|above| name_text(&Names::of(&above.certificate)));
    Listing {
        kind: authority.kind,
        domain: authority.domain.clone(),
        id: authority.id.clone(),
        issued_to: name_text(&Names::of(certificate)),
        issued_by: above.unwrap_or_else(|| certificate.issuer.clone()),
        thumbprint: authority.row.thumbprint.clone(),
        valid_from: certificate.not_before,
        valid_till: certificate.not_after,
        uploaded: authority.created,
        is_valid: certificate.is_valid_at(now),
    }
}

impl ToList {
    fn admits(&self, listing: &Listing, now: Timestamp) -> bool {
        let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.trim().to_lowercase());
        (self.id.trim().is_empty() || listing.id == self.id.trim())
            && holds(&listing.issued_to, &self.issued_to)
            && holds(&listing.issued_by, &self.issued_by)
            && self.valid_from.is_none_or(|from| from <= listing.valid_from)
            && self.valid_till.is_none_or(|till| listing.valid_till <= till)
            && self.uploaded.is_none_or(|from| from <= listing.uploaded)
            && self.expiring.is_none_or(|till| now <= listing.valid_till && listing.valid_till <= till)
    }
}

impl OrderBy {
    fn compare(self, a: &Listing, b: &Listing) -> std::cmp::Ordering {
        match self {
            Self::Uploaded => a.uploaded.cmp(&b.uploaded),
            Self::Id => a.id.cmp(&b.id),
            Self::IssuedTo => a.issued_to.cmp(&b.issued_to),
            Self::IssuedBy => a.issued_by.cmp(&b.issued_by),
            Self::ValidFrom => a.valid_from.cmp(&b.valid_from),
            Self::ValidTill => a.valid_till.cmp(&b.valid_till),
            Self::Domain => a.domain.cmp(&b.domain),
            Self::Kind => a.kind.name().cmp(b.kind.name()),
            Self::Thumbprint => a.thumbprint.cmp(&b.thumbprint),
        }
    }
}
