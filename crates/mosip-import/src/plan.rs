//! What would be done: every row of the source with what it is and what becomes of it.

use std::collections::BTreeSet;

use km_api::mosip::{MosipInventory, MosipPolicy};
use km_crypto::{digest::sha256, rsa_private::public_of_pkcs8};
use km_domain::SecretBytes;
use km_envelope::mosip::identifiers::UniqueIdentifier;
use km_formats::mosip::identifiers::upper_hex;
use km_x509::Certificate;

use crate::{
    arguments::OwnKeys,
    keys::{Entry, Keys},
    source::{AliasRow, PolicyRow},
};

/// One alias of the source.
pub struct Planned {
    pub row: AliasRow,
    /// `master`, `base`, `foreign` or `symmetric`.
    pub kind: &'static str,
    pub step: Step,
}

/// What becomes of an alias.
pub enum Step {
    Take(Box<Item>),
    /// Why it stays where it is.
    Leave(String),
}

/// An alias that can be moved.
pub struct Item {
    pub certificate: Option<Certificate>,
    pub unique_id: Option<String>,
    /// Whether it is here already.
    pub is_here: bool,
    /// Ids of the key manager's own aliases of the name.
    pub own: Vec<String>,
    /// Whether one of those is current while this one may be.
    pub is_contested: bool,
}

/// What becomes of a policy.
pub struct PlannedPolicy {
    pub policy: MosipPolicy,
    pub step: PolicyStep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyStep {
    Set,
    Replace,
    /// It stands differently here, and is kept.
    Keep,
    Unchanged,
}

/// The plan for the source's aliases: masters before what they issued, of one name the newest first, so that the key manager never finds
/// a name without its current key.
pub fn aliases(keys: &Keys<'_>, here: &MosipInventory) -> Vec<Planned> {
    let ids: BTreeSet<&str> = keys.source.aliases.iter().map(|row| row.id.as_str()).collect();
    let mut planned: Vec<Planned> = keys.source.aliases.iter().map(|row| one(keys, here, &ids, row)).collect();
    planned.sort_by(|one, other| {
        let rank = |planned: &Planned| (planned.row.application != "ROOT", planned.kind != "master");
        let name = |planned: &Planned| (planned.row.application.clone(), planned.row.reference.clone());
        // What is here is ended first where the source has ended it: a new key of its name cannot be current beside it.
        let is_new = |planned: &Planned| !matches!(&planned.step, Step::Take(item) if item.is_here);
        let key = |planned: &Planned| (rank(planned), name(planned), is_new(planned));
        key(one).cmp(&key(other)).then(other.row.generated.cmp(&one.row.generated))
    });
    planned
}

fn one(keys: &Keys<'_>, here: &MosipInventory, ids: &BTreeSet<&str>, row: &AliasRow) -> Planned {
    let (kind, item) = read(keys, row);
    let step = match item {
        Err(why) => Step::Leave(why),
        Ok((certificate, unique_id)) => {
            let own = here.aliases.iter().filter(|alias| {
                alias.application == row.application
                    && alias.reference == row.reference.trim()
                    && !ids.contains(alias.id.as_str())
            });
            let is_here = here.aliases.iter().any(|alias| alias.id == row.id);
            let is_contested = !is_here && row.expires > here.now && own.clone().any(|alias| alias.serves);
            let own = own.map(|alias| alias.id.clone()).collect();
            Step::Take(Box::new(Item { certificate, unique_id, is_here, own, is_contested }))
        }
    };
    Planned { row: row.clone(), kind, step }
}

type Read = (Option<Certificate>, Option<String>);

/// Opens the key once, to see that it opens and that it is its certificate's; the key is wiped again.
fn read(keys: &Keys<'_>, row: &AliasRow) -> (&'static str, Result<Read, String>) {
    let stored = keys.source.stored.get(&row.id);
    let key = match keys.open(&row.id) {
        Ok(key) => key,
        Err(why) => return (if stored.is_some() { "base" } else { "master" }, Err(why)),
    };
    let (kind, certificate) = match (stored, &key) {
        (Some(stored), key) => {
            let kind = if key.is_some() { "base" } else { "foreign" };
            match Certificate::from_pem(&stored.certificate) {
                Ok(certificate) => (kind, certificate),
                Err(error) => return (kind, Err(format!("its certificate cannot be used here: {error}"))),
            }
        }
        (None, Some(Entry::Secret(key))) if key.len() == 32 => return ("symmetric", Ok((None, None))),
        (None, Some(Entry::Secret(_))) => return ("symmetric", Err("it is no AES-256 key".to_owned())),
        (None, Some(Entry::Private(key))) => match keys.store.certificate(&row.id, key) {
            Some(certificate) => ("master", certificate.clone()),
            None => {
                let why = "the key store has no certificate of a kind that is used here for its key";
                return ("master", Err(why.to_owned()));
            }
        },
        (None, None) => return ("master", Err("the key store has no key under this alias".to_owned())),
    };
    (kind, checked(row, key.as_ref().map(Entry::bytes), certificate))
}

/// That key, certificate and row belong together.
fn checked(row: &AliasRow, key: Option<&SecretBytes>, certificate: Certificate) -> Result<Read, String> {
    let thumbprint = sha256(&certificate.der);
    if row.thumbprint.as_ref().is_some_and(|text| !text.eq_ignore_ascii_case(&upper_hex(&thumbprint))) {
        return Err("its thumbprint is not that of its certificate: one of the rows was altered".to_owned());
    }
    if let Some(key) = key {
        let public =
            public_of_pkcs8(key.expose()).map_err(|_| "its key is of a kind that is not used here".to_owned())?;
        if public.to_spki_der() != certificate.spki {
            return Err("its certificate is for another key: one of the rows was altered".to_owned());
        }
    }
    let unique = match &row.unique_id {
        Some(text) => UniqueIdentifier::parse(text).ok_or_else(|| "its unique identifier is not one".to_owned())?,
        // As its own server fills such rows in.
        None if key.is_none() => UniqueIdentifier::of_certificate(&row.application, &row.reference, &thumbprint),
        None => UniqueIdentifier::of_day(&row.application, &row.reference, row.generated, ""),
    };
    Ok((Some(certificate), Some(unique.to_text())))
}

/// The plan for the source's policies.
pub fn policies(rows: &[PolicyRow], here: &MosipInventory, replace: bool) -> Vec<PlannedPolicy> {
    let planned = rows.iter().filter_map(|row| {
        let policy = MosipPolicy {
            application: row.application.clone(),
            valid_days: u32::try_from(row.valid_days).ok()?,
            early_days: u32::try_from(row.early_days).ok()?,
            is_active: row.is_active,
            access: row.access.clone(),
        };
        let step = match here.policies.iter().find(|known| known.application == policy.application) {
            None => PolicyStep::Set,
            Some(known) if *known == policy => PolicyStep::Unchanged,
            Some(_) if replace => PolicyStep::Replace,
            Some(_) => PolicyStep::Keep,
        };
        Some(PlannedPolicy { policy, step })
    });
    planned.collect()
}

/// Names whose own key is current here while the source's may be, and about which nothing was decided.
pub fn undecided(planned: &[Planned], own_keys: Option<OwnKeys>) -> Vec<String> {
    if own_keys.is_some() {
        return Vec::new();
    }
    let contested = planned.iter().filter(|planned| matches!(&planned.step, Step::Take(item) if item.is_contested));
    let names: BTreeSet<String> =
        contested.map(|planned| format!("{}/{}", planned.row.application, planned.row.reference)).collect();
    names.into_iter().collect()
}
