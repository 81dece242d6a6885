//! The certificate of an authority in the trust store of a domain.

use km_crypto::digest::sha1_of_an_identifier;
use km_domain::Timestamp;
use km_storage::MosipAuthorityRow;
use km_x509::Certificate;

/// An authority's row, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub id: String,
    pub domain: String,
    pub kind: AuthorityKind,
    pub certificate: Certificate,
    pub created: Timestamp,
    pub row: MosipAuthorityRow,
}

/// Its place in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorityKind {
    Root,
    Intermediate,
}

impl AuthorityKind {
    pub const ALL: [Self; 2] = [Self::Root, Self::Intermediate];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "ROOT",
            Self::Intermediate => "INTERMEDIATE",
        }
    }
}

impl Authority {
    /// An authority from its row; none where a column makes no sense.
    pub(super) fn of(row: MosipAuthorityRow) -> Option<Self> {
        let certificate = Certificate::from_der(&row.certificate).ok()?;
        let is_its_own = thumbprint(&certificate) == row.thumbprint;
        is_its_own.then_some(Self {
            id: row.id.clone(),
            domain: row.domain.clone(),
            kind: AuthorityKind::ALL.into_iter().find(|kind| kind.name() == row.kind)?,
            certificate,
            created: Timestamp::from_micros(row.created),
            row,
        })
    }
}

/// Lower-case hexadecimal SHA-1, as the dialect names certificates of partners and authorities.
pub(super) fn thumbprint(certificate: &Certificate) -> String {
    km_formats::mosip::identifiers::upper_hex(&sha1_of_an_identifier(&certificate.der)).to_lowercase()
}

/// A name as the dialect writes it: common name first, six parts, the first of each kind, empty ones left out.
pub(super) fn name_text(names: &km_ca::mosip::Names) -> String {
    let parts = [
        ("CN", &names.common_name),
        ("OU", &names.organizational_unit),
        ("O", &names.organization),
        ("L", &names.locality),
        ("ST", &names.state),
        ("C", &names.country),
    ];
    let there = parts.iter().filter(|(_, text)| !text.is_empty()).map(|(kind, text)| format!("{kind}={text}"));
    there.collect::<Vec<_>>().join(",")
}
