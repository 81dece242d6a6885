//! A path from any certificate up to a root of a trust store (RFC 5280, section 6), whatever the certificate is for.
//!
//! Partners of the MOSIP dialect also sign with keys that issue, so the certificate at the end may be a CA's, which webpki does not
//! take there. Hence the path is looked for here, with its signatures, times, usages and lengths; where the certificate is an end
//! entity's, webpki has to agree, and it alone reads constraints on names.

use std::time::Duration;

use km_domain::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use crate::{
    Certificate, X509Error,
    chain::{ACCEPTED, refusal},
};

/// Most certificates of a path, its ends included.
const LONGEST: usize = 8;
/// Most signatures that are tried for one path: whoever sends certificates along must not keep us busy.
const MOST_SIGNATURES: u32 = 64;

/// Where a path may lead, and over what.
pub struct TrustStore<'a> {
    pub roots: Vec<&'a Certificate>,
    pub intermediates: Vec<&'a Certificate>,
}

/// Finds a path: the certificate first, a root of the store last.
///
/// Inputs: the certificate; others that came with it, of which nothing is believed; the moment; and what is to be known of a
/// certificate and its issuer besides (revocation). Errors: why no path is good; of several reasons, that of the path that got furthest.
pub fn find_path<'a>(
    leaf: &'a Certificate,
    sent: &'a [Certificate],
    store: &TrustStore<'a>,
    at: Timestamp,
    revocation: &dyn Fn(&Certificate, &Certificate) -> Result<(), X509Error>,
) -> Result<Vec<&'a Certificate>, X509Error> {
    in_time(leaf, at)?;
    if leaf.has_unknown_critical {
        return Err(X509Error::Constraint);
    }
    let mut search = Search { store, sent, at, revocation, signatures: MOST_SIGNATURES };
    search.climb(vec![leaf])
}

struct Search<'s, 'a> {
    store: &'s TrustStore<'a>,
    sent: &'a [Certificate],
    at: Timestamp,
    revocation: &'s dyn Fn(&Certificate, &Certificate) -> Result<(), X509Error>,
    signatures: u32,
}

impl<'a> Search<'_, 'a> {
    fn climb(&mut self, path: Vec<&'a Certificate>) -> Result<Vec<&'a Certificate>, X509Error> {
        let Some(last) = path.last().copied() else { return Err(X509Error::UnknownIssuer) };
        if self.store.roots.iter().any(|root| root.der == last.der) {
            return self.judged(path);
        }
        if path.len() == LONGEST {
            return Err(X509Error::UnknownIssuer);
        }
        let known = self.store.roots.iter().chain(&self.store.intermediates).copied();
        let above = known.chain(self.sent).filter(|above| above.subject_der == last.issuer_der);
        let candidates: Vec<&'a Certificate> =
            above.filter(|above| !path.iter().any(|below| below.der == above.der)).collect();
        let mut reason = X509Error::UnknownIssuer;
        for above in candidates {
            let found = self.may_join(above, &path).and_then(|()| {
                let mut longer = path.clone();
                longer.push(above);
                self.climb(longer)
            });
            match found {
                Ok(path) => return Ok(path),
                Err(X509Error::UnknownIssuer) => {}
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    /// Whether this certificate issued the last one of the path, and may have.
    fn may_join(&mut self, above: &Certificate, path: &[&Certificate]) -> Result<(), X509Error> {
        let Some(below) = path.last() else { return Err(X509Error::UnknownIssuer) };
        if !above.is_ca || above.key_usages.is_some_and(|bits| !bits.certificate_sign) {
            return Err(X509Error::WrongUsage("an issuer of the chain is no CA"));
        }
        in_time(above, self.at)?;
        let between = path.iter().skip(1).filter(|one| one.subject_der != one.issuer_der).count();
        let is_too_long = above.path_length.is_some_and(|most| u32::try_from(between).unwrap_or(u32::MAX) > most);
        if is_too_long || above.has_unknown_critical {
            return Err(X509Error::Constraint);
        }
        if !below.is_signed_soundly() {
            return Err(X509Error::Unsupported("the signature"));
        }
        self.signatures = self.signatures.checked_sub(1).ok_or(X509Error::UnknownIssuer)?;
        below.is_signed_by(above)
    }

    /// A path that ends in a root, looked at as a whole.
    fn judged(&self, path: Vec<&'a Certificate>) -> Result<Vec<&'a Certificate>, X509Error> {
        for pair in path.windows(2) {
            if let [below, above] = pair {
                (self.revocation)(below, above)?;
            }
        }
        match path.split_first() {
            Some((leaf, [between @ .., root])) if !leaf.is_ca => as_webpki_sees_it(leaf, between, root, self.at)?,
            _ if path.iter().any(|one| one.has_name_constraints) => return Err(X509Error::Constraint),
            _ => {}
        }
        Ok(path)
    }
}

fn in_time(certificate: &Certificate, at: Timestamp) -> Result<(), X509Error> {
    match at.seconds() {
        at if at < certificate.not_before.seconds() => Err(X509Error::NotYetValid),
        at if at > certificate.not_after.seconds() => Err(X509Error::Expired),
        _ => Ok(()),
    }
}

fn as_webpki_sees_it(
    leaf: &Certificate,
    between: &[&Certificate],
    root: &Certificate,
    at: Timestamp,
) -> Result<(), X509Error> {
    let root = CertificateDer::from(root.der.as_slice());
    let anchors = [webpki::anchor_from_trusted_cert(&root).map_err(refusal)?];
    let between: Vec<CertificateDer<'_>> = between.iter().map(|one| CertificateDer::from(one.der.as_slice())).collect();
    let leaf = CertificateDer::from(leaf.der.as_slice());
    let seconds = u64::try_from(at.seconds()).map_err(|_| X509Error::NotYetValid)?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let end = EndEntityCert::try_from(&leaf).map_err(refusal)?;
    end.verify_for_usage(ACCEPTED, &anchors, &between, at, Anything, None, None).map(|_| ()).map_err(refusal)
}

/// The domain of a trust store says what its certificates are for, not their extended usages.
struct Anything;

impl ExtendedKeyUsageValidator for Anything {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
