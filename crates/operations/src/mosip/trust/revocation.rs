//! Revocation lists of the authorities in the trust stores: uploaded beside certificates, or fetched from where the certificates say
//! that they are, as far as configuration lets anybody go there.

use std::collections::BTreeSet;

use km_audit::EventKind;
use km_crypto::digest::sha256_parts;
use km_domain::TenantId;
use km_formats::mosip::identifiers::upper_hex;
use km_storage::{MosipRevocationListRow, Unrecorded, Write};
use km_x509::Crl;

use super::{PartnerFault, TrustRules, store::SignedList, upload::refused};
use crate::{
    Keys, Operation, OperationError, Operations, caller::refused as refused_event, keys::seal_row, system_event,
};

/// The name of the job that fetches lists, in events.
const JOB: &str = "mosip-revocation";

/// The addresses from which lists are to be fetched: those that stored certificates of the tenant name, at configured hosts.
pub fn list_addresses(operations: &Operations, tenant: &TenantId) -> Vec<String> {
    let keys = operations.keyring.keys();
    let Some(rules) = &operations.rules.mosip else { return Vec::new() };
    let trust = &keys.mosip.trust;
    let authorities = trust.authorities(tenant).map(|authority| &authority.certificate);
    let certificates = authorities.chain(trust.partners(tenant).map(|partner| &partner.certificate));
    let named: BTreeSet<&String> = certificates.flat_map(|certificate| &certificate.list_addresses).collect();
    named.into_iter().filter(|address| may_fetch(&rules.trust, address)).cloned().collect()
}

/// Whether the address is a web address at one of the configured hosts, without a name or password before it.
fn may_fetch(rules: &TrustRules, address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_web = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
    is_web && address.len() <= LONGEST_ADDRESS && address.is_ascii() && rules.list_hosts.contains(&host)
}

/// Longest address, in bytes.
const LONGEST_ADDRESS: usize = 512;

/// Keeps a fetched list (DER) in every domain that has its authority. The answer says whether that changed anything.
///
/// Errors: it does not read; no authority made it.
pub fn keep_list(operations: &Operations, tenant: &TenantId, der: &[u8]) -> Operation<bool> {
    let keys = operations.keyring.keys();
    let mut event = system_event(operations, EventKind::CertificateInstalled, JOB);
    event.tenant = Some(tenant.clone());
    match rows(operations, &keys, tenant, der) {
        Ok(rows) if rows.is_empty() => Unrecorded::unremarkable(Ok(false)),
        Ok(rows) => {
            let domains: Vec<&str> = rows.iter().map(|row| row.domain.as_str()).collect();
            event.object = Some(format!("{}/revocation list", domains.join("+")));
            event.count = rows.len() as u64;
            let conflict = refused_event(event.clone(), &OperationError::Conflict("mosip-revocation-list-newer"));
            let writes = rows.into_iter().map(Write::set_mosip_revocation_list);
            Unrecorded::new(Ok(true), event).with_all(writes).changing_state().or_on_conflict(conflict)
        }
        Err(error) => {
            let event = refused_event(event, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

/// A row for every domain that has the list's authority and not yet the list.
fn rows(
    operations: &Operations,
    keys: &Keys,
    tenant: &TenantId,
    der: &[u8],
) -> Result<Vec<MosipRevocationListRow>, OperationError> {
    let list = Crl::from_der(der).map_err(refused)?;
    let (mut rows, mut is_known) = (Vec::new(), false);
    for (name, domain) in keys.mosip.trust.domains(tenant) {
        let Some(signed) = SignedList::of(list.clone(), &domain.authorities) else { continue };
        is_known = true;
        if !domain.has_newer(&signed) {
            rows.push(list_row((operations, keys), (tenant, name), signed)?);
        }
    }
    if is_known { Ok(rows) } else { Err(PartnerFault::NoAuthority.into()) }
}

/// The row of a list.
///
/// Errors: it is from the future.
pub(super) fn list_row(
    (operations, keys): (&Operations, &Keys),
    (tenant, domain): (&TenantId, &str),
    signed: SignedList,
) -> Result<MosipRevocationListRow, OperationError> {
    if signed.list.this_update.seconds() > operations.clock.now().seconds() + LEEWAY {
        return Err(PartnerFault::Future.into());
    }
    let hex = |parts: &[&[u8]]| upper_hex(&sha256_parts(parts));
    let mut row = MosipRevocationListRow {
        tenant: tenant.to_string(),
        domain: domain.to_owned(),
        issuer: hex(&[&signed.list.issuer_der, &signed.spki]),
        scope: hex(&[&signed.list.scope_bytes()]),
        this_update: signed.list.this_update.micros(),
        list: signed.list.der,
        log_index: -1,
        integrity: Vec::new(),
    };
    row.integrity = seal_row(operations, keys, &row.covered())?;
    Ok(row)
}

/// How far the clocks of authorities may be ahead of ours, in seconds.
const LEEWAY: i64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_configured_hosts_are_asked() {
        let rules = TrustRules {
            domains: vec!["AUTH".into()],
            signer: "PMS".into(),
            authority_months: 12,
            partner_years: 1,
            partner_grace_days: 30,
            sign_ftm: false,
            refuse_unknown: false,
            list_hosts: vec!["crl.example".into(), "10.0.0.1:8080".into()],
            responder: None,
        };
        for good in
            ["http://crl.example/a.crl", "HTTPS://CRL.example", "http://10.0.0.1:8080/x?y", "http://crl.example#x"]
        {
            assert!(may_fetch(&rules, good), "{good}");
        }
        for bad in [
            "ldap://crl.example/cn=x",
            "file:///etc/passwd",
            "http://crl.example:81/",
            "http://a@crl.example/",
            "http://crl.example@evil.example/",
            "http://crl.example.evil/",
            "http://evil.example/?crl.example",
            "crl.example",
            "",
        ] {
            assert!(!may_fetch(&rules, bad), "{bad}");
        }
        let long = format!("http://crl.example/{}", "a".repeat(600));
        assert!(
            !may_fetch(&rules, &long)
                && !may_fetch(&TrustRules { list_hosts: Vec::new(), ..rules }, "http://crl.example/")
        );
    }
}
