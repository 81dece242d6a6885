use std::time::Duration;

use km_crypto::{PublicKey, SoftwareKey};
use km_domain::{KeyAlgorithm, KeyVersionRef, ServiceIdentity, ServiceKind, Timestamp};
use km_keystore::{KeyStoreError, StoredKey};
use km_x509::{Certificate, Usage, X509Error, verify_chain};

use crate::{
    CaError, Issuer, Reason, Revocation, RootKind, issue, profile, revocation_list, self_signed_root,
    software::{DeadStore, SoftwareStore},
};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

struct Root {
    store: SoftwareStore,
    key: StoredKey,
    certificate: Certificate,
    kind: RootKind,
}

impl Root {
    fn new(kind: RootKind) -> Self {
        let (store, key) = SoftwareStore::p256();
        let certificate = self_signed_root(kind, "Demo", (&store, &key), [0xff; 16], NOW, 20 * YEAR).unwrap();
        Self { store, key, certificate, kind }
    }

    fn issuer(&self) -> Issuer<'_> {
        Issuer::new(self.kind, &self.certificate, &self.store, &self.key).unwrap()
    }

    fn der(&self) -> Vec<Vec<u8>> {
        vec![self.certificate.der.clone()]
    }
}

fn registry() -> ServiceIdentity {
    ServiceIdentity { tenant: "demo".parse().unwrap(), kind: ServiceKind::Registry, name: "registry-1".to_owned() }
}

fn new_key() -> PublicKey {
    SoftwareKey::generate(KeyAlgorithm::P256).unwrap().public().clone()
}

fn name() -> KeyVersionRef {
    KeyVersionRef::parse("evidence.3").unwrap()
}

#[test]
fn a_service_certificate_names_its_service_and_verifies() {
    let root = Root::new(RootKind::Service);
    let leaf = issue(
        &root.issuer(),
        &profile::service_client(&registry()),
        &new_key(),
        [1; 16],
        NOW,
        profile::SERVICE_LIFETIME,
    )
    .unwrap();
    assert_eq!(leaf.uris, [registry().uri()]);
    assert_eq!(leaf.not_before.seconds(), NOW.seconds() - 300);
    assert_eq!(verify_chain(&leaf.der, &[], &root.der(), NOW, Usage::ClientAuth, &[]), Ok(()));
    let wrong = verify_chain(&leaf.der, &[], &root.der(), NOW, Usage::ServerAuth, &[]);
    assert!(matches!(wrong, Err(X509Error::WrongUsage(_))));
    let later = NOW.plus(profile::SERVICE_LIFETIME).plus(Duration::from_secs(1));
    assert_eq!(verify_chain(&leaf.der, &[], &root.der(), later, Usage::ClientAuth, &[]), Err(X509Error::Expired));
    let earlier = NOW.minus(Duration::from_secs(301));
    let too_early = verify_chain(&leaf.der, &[], &root.der(), earlier, Usage::ClientAuth, &[]);
    assert!(matches!(too_early, Err(X509Error::NotYetValid | X509Error::UnknownIssuer)));
}

#[test]
fn a_foreign_root_of_the_same_name_is_refused() {
    let (ours, theirs) = (Root::new(RootKind::Service), Root::new(RootKind::Service));
    let leaf =
        issue(&theirs.issuer(), &profile::service_client(&registry()), &new_key(), [1; 16], NOW, YEAR / 365).unwrap();
    let judged = verify_chain(&leaf.der, &[], &ours.der(), NOW, Usage::ClientAuth, &[]);
    assert!(matches!(judged, Err(X509Error::BadSignature(_) | X509Error::UnknownIssuer)), "{judged:?}");
    // Nor may a root stand at the end of a chain, nor a leaf issue.
    let root_as_leaf = verify_chain(&ours.certificate.der, &[], &ours.der(), NOW, Usage::ClientAuth, &[]);
    assert_eq!(root_as_leaf, Err(X509Error::WrongUsage("it is a CA certificate")));
}

#[test]
fn a_root_past_its_end_trusts_nothing() {
    let root = Root::new(RootKind::Evidence);
    let key = new_key();
    let leaf = issue(&root.issuer(), &profile::evidence_signer(&name()), &key, [1; 16], NOW, 10 * YEAR).unwrap();
    assert_eq!(verify_chain(&leaf.der, &[], &root.der(), NOW.plus(9 * YEAR), Usage::EmailProtection, &[]), Ok(()));
    let short = self_signed_root(RootKind::Evidence, "Demo", (&root.store, &root.key), [2; 16], NOW, YEAR).unwrap();
    let judged = verify_chain(&leaf.der, &[], &[short.der], NOW.plus(2 * YEAR), Usage::EmailProtection, &[]);
    assert_eq!(judged, Err(X509Error::UnknownIssuer));
}

#[test]
fn signers_are_not_interchangeable() {
    let root = Root::new(RootKind::Evidence);
    let checkpoint =
        issue(&root.issuer(), &profile::checkpoint_signer(&name()), &new_key(), [1; 16], NOW, YEAR).unwrap();
    assert_eq!(verify_chain(&checkpoint.der, &[], &root.der(), NOW, Usage::DocumentSigning, &[]), Ok(()));
    let as_export = verify_chain(&checkpoint.der, &[], &root.der(), NOW, Usage::EmailProtection, &[]);
    assert!(matches!(as_export, Err(X509Error::WrongUsage(_))));
    let business = Root::new(RootKind::Business);
    let ingest = profile::ingest(&name(), KeyAlgorithm::P256);
    let ingest = issue(&business.issuer(), &ingest, &new_key(), [1; 16], NOW, YEAR).unwrap();
    assert_eq!(verify_chain(&ingest.der, &[], &business.der(), NOW, Usage::Encryption, &[]), Ok(()));
    assert!(verify_chain(&ingest.der, &[], &business.der(), NOW, Usage::Signing, &[]).is_err());
    let answer = issue(&business.issuer(), &profile::answer(&name()), &new_key(), [1; 16], NOW, YEAR).unwrap();
    assert_eq!(verify_chain(&answer.der, &[], &business.der(), NOW, Usage::Signing, &[]), Ok(()));
    assert!(verify_chain(&answer.der, &[], &business.der(), NOW, Usage::ServerAuth, &[]).is_err());
}

#[test]
fn a_listener_names_this_machine() {
    let root = Root::new(RootKind::Service);
    let wish = profile::service_listener(&registry(), &["registry.example".to_owned()]);
    let leaf = issue(&root.issuer(), &wish, &new_key(), [1; 16], NOW, YEAR / 365).unwrap();
    assert_eq!(leaf.dns_names, ["localhost", "registry.example"]);
    assert_eq!(leaf.addresses.len(), 2);
    assert_eq!(verify_chain(&leaf.der, &[], &root.der(), NOW, Usage::ServerAuth, &[]), Ok(()));
    assert_eq!(verify_chain(&leaf.der, &[], &root.der(), NOW, Usage::ClientAuth, &[]), Ok(()));
}

#[test]
fn what_a_profile_forbids_is_not_issued() {
    let service = Root::new(RootKind::Service);
    let key = new_key();
    let refused = |result: Result<Certificate, CaError>| assert!(matches!(result, Err(CaError::Refused(_))));
    refused(issue(&service.issuer(), &profile::evidence_signer(&name()), &key, [1; 16], NOW, YEAR));
    refused(issue(&service.issuer(), &profile::service_client(&registry()), &key, [1; 16], NOW, 2 * YEAR));
    refused(issue(&service.issuer(), &profile::service_client(&registry()), &key, [1; 16], NOW.plus(20 * YEAR), YEAR));
    refused(issue(&service.issuer(), &profile::service_client(&registry()), &key, [1; 16], NOW, Duration::ZERO));
    // A root's certificate under another purpose, or with another key.
    assert!(Issuer::new(RootKind::Evidence, &service.certificate, &service.store, &service.key).is_err());
    let (store, other) = SoftwareStore::p256();
    assert!(Issuer::new(RootKind::Service, &service.certificate, &store, &other).is_err());
}

#[test]
fn a_store_that_answers_nonsense_or_nothing_issues_nothing() {
    let root = Root::new(RootKind::Service);
    let wish = profile::service_client(&registry());
    let dead = Issuer::new(RootKind::Service, &root.certificate, &DeadStore, &root.key).unwrap();
    let answer = issue(&dead, &wish, &new_key(), [1; 16], NOW, YEAR);
    assert_eq!(answer, Err(CaError::Store(KeyStoreError::Unavailable("gone".to_owned()))));
    // Another key signs than the certificate names: caught before it leaves.
    let (other, _) = SoftwareStore::p256();
    let wrong = Issuer::new(RootKind::Service, &root.certificate, &other, &root.key).unwrap();
    let answer = issue(&wrong, &wish, &new_key(), [1; 16], NOW, YEAR);
    assert!(matches!(answer, Err(CaError::Certificate(_))), "{answer:?}");
}

#[test]
fn a_revoked_certificate_is_refused_and_its_neighbour_is_not() {
    let root = Root::new(RootKind::Service);
    let make = |serial| issue(&root.issuer(), &profile::service_client(&registry()), &new_key(), serial, NOW, YEAR);
    let (revoked, good) = (make([1; 16]).unwrap(), make([2; 16]).unwrap());
    let entry = Revocation { serial: revoked.serial.clone(), at: NOW, reason: Reason::KeyCompromise };
    let list = revocation_list(&root.issuer(), 1, &[entry], NOW, Duration::from_secs(3600)).unwrap();
    let judge = |leaf: &Certificate, at| {
        verify_chain(&leaf.der, &[], &root.der(), at, Usage::ClientAuth, std::slice::from_ref(&list))
    };
    assert_eq!(judge(&revoked, NOW), Err(X509Error::Revoked));
    assert_eq!(judge(&good, NOW), Ok(()));
    assert_eq!(judge(&good, NOW.plus(Duration::from_secs(3601))), Err(X509Error::RevocationUnknown));
    // Another root's list says nothing about ours.
    let other = Root::new(RootKind::Evidence);
    let foreign = revocation_list(&other.issuer(), 1, &[], NOW, Duration::from_secs(3600)).unwrap();
    let judged = verify_chain(&good.der, &[], &root.der(), NOW, Usage::ClientAuth, &[foreign]);
    assert_eq!(judged, Err(X509Error::RevocationUnknown));
}

#[test]
fn a_request_becomes_a_certificate_for_its_key() {
    let root = Root::new(RootKind::Service);
    let (key, request) = km_x509::request::new_key_and_request().unwrap();
    assert!(key.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let request = km_x509::request::parse_and_verify(&request).unwrap();
    let wish = profile::service_client(&registry());
    let leaf = issue(&root.issuer(), &wish, &request.public_key, [1; 16], NOW, YEAR).unwrap();
    assert_eq!(leaf.spki, request.spki);
    assert_eq!(Certificate::from_pem(&leaf.to_pem()), Ok(leaf));
}

#[test]
fn other_kinds_of_key_are_certified_unchanged() {
    let root = Root::new(RootKind::Business);
    let ed25519 = PublicKey::Ed25519(vec![7; 32]);
    let mut modulus = vec![0x55; 256];
    modulus[0] = 0xc1;
    let rsa = PublicKey::Rsa { modulus, exponent: vec![1, 0, 1] };
    for key in [ed25519, rsa] {
        let leaf = issue(&root.issuer(), &profile::answer(&name()), &key, [1; 16], NOW, YEAR).unwrap();
        assert_eq!(leaf.public_key, key);
    }
}

/// A CA below a root, made past our own profiles, and a leaf below it.
fn below(root: &Root, usages: Vec<rcgen::KeyUsagePurpose>, path: rcgen::BasicConstraints) -> (Vec<u8>, Vec<u8>) {
    let root_issuer = root.issuer();
    let (from, to) = (NOW.minus(YEAR).calendar(), NOW.plus(YEAR).calendar());
    let mut params = rcgen::CertificateParams::default();
    (params.not_before, params.not_after) = (from, to);
    params.is_ca = rcgen::IsCa::Ca(path);
    params.key_usages = usages;
    params.distinguished_name.push(rcgen::DnType::CommonName, "below");
    let key = rcgen::KeyPair::generate().unwrap();
    let middle = rcgen::CertifiedIssuer::signed_by(params, key, &root_issuer.inner).unwrap();
    let mut leaf = rcgen::CertificateParams::default();
    (leaf.not_before, leaf.not_after) = (from, to);
    leaf.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = leaf.signed_by(&rcgen::KeyPair::generate().unwrap(), &middle).unwrap();
    (leaf.der().to_vec(), middle.der().to_vec())
}

#[test]
fn no_ca_stands_below_our_roots() {
    use rcgen::KeyUsagePurpose::{CrlSign, KeyCertSign};
    let root = Root::new(RootKind::Service);
    let unconstrained = || rcgen::BasicConstraints::Unconstrained;
    let (leaf, middle) = below(&root, vec![KeyCertSign], unconstrained());
    // The same chain under a root that allows it, to show that nothing else is wrong with it.
    let free = free_root(&root);
    let judge = |roots: &[Vec<u8>], leaf: &[u8], middle: Vec<u8>| {
        verify_chain(leaf, &[middle], roots, NOW, Usage::ClientAuth, &[])
    };
    assert_eq!(judge(std::slice::from_ref(&free), &leaf, middle.clone()), Ok(()));
    assert_eq!(judge(&root.der(), &leaf, middle), Err(X509Error::Constraint));
    // A certificate below that may not sign certificates issues nothing.
    let (leaf, middle) = below(&root, vec![CrlSign], unconstrained());
    assert!(matches!(judge(&[free], &leaf, middle), Err(X509Error::WrongUsage(_))));
}

/// A root of the same name and key, without a limit on what stands below.
fn free_root(root: &Root) -> Vec<u8> {
    let mut params = rcgen::CertificateParams::default();
    (params.not_before, params.not_after) = (NOW.minus(YEAR).calendar(), NOW.plus(YEAR).calendar());
    params.distinguished_name = crate::root::subject("Demo", root.kind.unit(), "Demo service root");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.self_signed(&crate::TokenKey::new(&root.store, &root.key).unwrap()).unwrap().der().to_vec()
}
