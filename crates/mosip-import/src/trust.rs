//! The source's trust stores: what becomes of each authority and each partner.

use std::collections::BTreeSet;

use km_api::{
    Base64Url,
    mosip::MosipInventory,
    mosip_trust::{CertificateImported, CertificateOutcome, ImportAuthority, ImportPartner, MosipTrusted},
};
use km_client::ClientError;
use km_crypto::digest::sha256;
use km_formats::mosip::identifiers::upper_hex;
use km_x509::Certificate;

use crate::{
    patient::Patient,
    source::{AuthorityRow, PartnerRow, Source},
};

/// One certificate of the trust stores.
pub struct PlannedTrust {
    pub id: String,
    pub domain: String,
    pub step: TrustStep,
}

/// What becomes of it.
pub enum TrustStep {
    Authority {
        body: Box<ImportAuthority>,
        is_here: bool,
    },
    Partner {
        body: Box<ImportPartner>,
        is_here: bool,
    },
    /// An authority that is none here.
    PassOver,
    /// Why it stays where it is; whether it is a partner's.
    Leave {
        why: String,
        is_partner: bool,
    },
}

impl PlannedTrust {
    pub fn kind(&self) -> &'static str {
        match &self.step {
            TrustStep::Authority { .. } | TrustStep::PassOver | TrustStep::Leave { is_partner: false, .. } => {
                "authority"
            }
            TrustStep::Partner { .. } | TrustStep::Leave { is_partner: true, .. } => "partner",
        }
    }

    /// Takes it in. None: it stays where it is. Errors: the key manager refuses it.
    pub async fn take(&self, officer: &Patient<'_>) -> Result<Option<CertificateOutcome>, ClientError> {
        let done: CertificateImported = match &self.step {
            TrustStep::Authority { body, .. } => officer.post("/v1/officer/mosip/authorities", body).await?,
            TrustStep::Partner { body, .. } => officer.post("/v1/officer/mosip/partners", body).await?,
            TrustStep::PassOver | TrustStep::Leave { .. } => return Ok(None),
        };
        Ok(Some(done.outcome))
    }
}

/// Whether a refusal is about the one certificate that was sent, so that the others can be moved all the same.
pub fn is_about_one(code: &str) -> bool {
    ["invalid-request", "mosip-certificate-differs", "mosip-authority-exists", "mosip-partner-exists"].contains(&code)
}

/// The plan: of each domain the roots first, then whoever they issued, and the partners last.
pub fn plan(source: &Source, here: &MosipInventory) -> Vec<PlannedTrust> {
    let read: Vec<(&AuthorityRow, Result<Certificate, String>)> =
        source.authorities.iter().map(|row| (row, certificate(&row.certificate))).collect();
    let partners = source.partners.iter().filter_map(|row| Certificate::from_pem(&row.certificate).ok());
    let partners: BTreeSet<Vec<u8>> = partners.map(|certificate| certificate.spki).collect();
    let mut authorities: Vec<(usize, PlannedTrust)> = read
        .iter()
        .map(|(row, found)| {
            let depth = found.as_ref().map_or(0, |found| depth(&read, &row.domain, found, DEEPEST));
            let step = match found {
                Err(why) => TrustStep::Leave { why: why.clone(), is_partner: false },
                Ok(found) if partners.contains(&found.spki) => TrustStep::PassOver,
                Ok(found) => authority(row, found, &here.authorities),
            };
            (depth, PlannedTrust { id: row.id.clone(), domain: row.domain.clone(), step })
        })
        .collect();
    authorities.sort_by_key(|(depth, _)| *depth);
    let partners = source.partners.iter().map(|row| PlannedTrust {
        id: row.id.clone(),
        domain: row.domain.clone(),
        step: partner(row, &here.partners).unwrap_or_else(|why| TrustStep::Leave { why, is_partner: true }),
    });
    authorities.into_iter().map(|(_, planned)| planned).chain(partners).collect()
}

/// More certificates stand above none.
const DEEPEST: usize = 8;

/// How many of the domain stand above it.
fn depth(
    all: &[(&AuthorityRow, Result<Certificate, String>)],
    domain: &str,
    certificate: &Certificate,
    most: usize,
) -> usize {
    if most == 0 || certificate.subject_der == certificate.issuer_der {
        return 0;
    }
    let above = all.iter().filter(|(row, _)| row.domain == domain).filter_map(|(_, found)| found.as_ref().ok());
    let above = above.filter(|above| above.subject_der == certificate.issuer_der);
    above.map(|above| 1 + depth(all, domain, above, most - 1)).max().unwrap_or(0)
}

fn authority(row: &AuthorityRow, certificate: &Certificate, here: &[MosipTrusted]) -> TrustStep {
    let thumbprint = upper_hex(&sha256(&certificate.der));
    let domain = row.domain.trim().to_uppercase();
    let body = ImportAuthority {
        id: row.id.clone(),
        domain: row.domain.clone(),
        certificate: Base64Url(certificate.der.clone()),
        created: row.created,
    };
    // Whoever has it under another id has it.
    let is_here = here.iter().any(|known| known.domain == domain && known.thumbprint == thumbprint);
    TrustStep::Authority { body: Box::new(body), is_here }
}

fn partner(row: &PartnerRow, here: &[MosipTrusted]) -> Result<TrustStep, String> {
    let own = certificate(&row.certificate)?;
    let issued = if row.issued.trim().is_empty() { own.clone() } else { certificate(&row.issued)? };
    let body = ImportPartner {
        id: row.id.clone(),
        domain: row.domain.clone(),
        organization: row.organization.clone(),
        certificate: Base64Url(own.der),
        issued: Base64Url(issued.der),
        created: row.created,
    };
    let is_here = here.iter().any(|known| known.id == row.id);
    Ok(TrustStep::Partner { body: Box::new(body), is_here })
}

fn certificate(pem: &str) -> Result<Certificate, String> {
    Certificate::from_pem(pem).map_err(|error| format!("its certificate cannot be used here: {error}"))
}
