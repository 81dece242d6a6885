use km_audit::{
    Actor, Checkpoint, Event, EventKind, Frontier, LoggedEvent, Note, proof, range::RangeProof, tree::Node,
};
use km_crypto::{SoftwareKey, ecdsa::ecdsa_der};
use km_domain::{Clock, SignatureAlgorithm, SystemClock};
use km_formats::cms::{CmsSignature, Statement, signed_attributes, signed_data};

use super::*;
use crate::{
    authority::{Authority, Folder},
    report::Status,
    write::{BundleInput, Certificates, Entry, write},
};

const ORIGIN: &str = "sealkeep.example/demo";

/// A log with its keys, from which bundles are made.
struct Log {
    authority: Authority,
    signer: (SoftwareKey, Vec<u8>),
    checkpoint: (SoftwareKey, Vec<u8>),
    leaves: Vec<Vec<u8>>,
}

impl Log {
    fn of(size: u64) -> Self {
        let authority = Authority::new("evidence root");
        let leaf = |index: u64| {
            let at = Timestamp::from_seconds(1_700_000_000 + index as i64);
            let mut event = Event::new(EventKind::Encrypt, at, Actor::system("test"), [index as u8; 16]);
            // The first is about the installation itself, as in every log.
            event.tenant = Some(if index == 0 { "system" } else { "demo" }.parse().unwrap());
            LoggedEvent { index, log_time: at, event }.leaf().unwrap()
        };
        Self {
            signer: authority.issue("emailProtection"),
            checkpoint: authority.issue("1.3.6.1.5.5.7.3.36"),
            leaves: (0..size).map(leaf).collect(),
            authority,
        }
    }

    fn node(&self, node: Node) -> Result<[u8; 32], ()> {
        let (low, width) = ((node.index << node.level) as usize, 1usize << node.level);
        Ok(frontier(&self.leaves[low..low + width]).root())
    }

    fn input(&self, from: u64, to: u64) -> BundleInput {
        let size = self.leaves.len() as u64;
        let read = &mut |node| self.node(node);
        let mut note = Note::of(&Checkpoint { origin: ORIGIN.to_owned(), size, root: frontier(&self.leaves).root() });
        let signature = self.checkpoint.0.sign(SignatureAlgorithm::Es256, note.bytes_to_sign()).unwrap();
        note.add_signature(ORIGIN, self.checkpoint.0.public(), &signature).unwrap();
        BundleInput {
            export: "export-1".to_owned(),
            created: SystemClock.now(),
            tenant: "demo".parse().unwrap(),
            requester: "https://issuer#auditor".to_owned(),
            purpose: "audit".to_owned(),
            case: None,
            tool_version: "0.1.0".to_owned(),
            from,
            entries: self.leaves[from as usize..to as usize].iter().cloned().map(Entry::Disclosed).collect(),
            inclusion: RangeProof::make(from, to, size, read).unwrap(),
            consistency: proof::consistency(from, size, read).unwrap(),
            checkpoint: note,
            certificates: Certificates {
                evidence_signer: self.signer.1.clone(),
                checkpoint: self.checkpoint.1.clone(),
                evidence_root: self.authority.root(),
            },
        }
    }

    fn bundle(&self, from: u64, to: u64) -> BundleFiles {
        let zip = write(&self.input(from, to), |sums| sign(&self.signer, sums)).unwrap();
        BundleFiles::from_zip(&zip).unwrap()
    }

    fn verify(&self, files: &BundleFiles) -> Report {
        verify(files, &self.authority.root(), SystemClock.now())
    }

    /// Puts other contents in, describes them anew and signs with this key: what a forger with a key of some kind can do.
    fn forge(&self, files: &BundleFiles, changed: &[(&str, Vec<u8>)], key: &(SoftwareKey, Vec<u8>)) -> BundleFiles {
        let mut files = files.clone();
        changed.iter().for_each(|(name, contents)| files.put(name, contents.clone()));
        let mut manifest: Manifest = serde_json::from_slice(files.get(name::MANIFEST).unwrap()).unwrap();
        for entry in &mut manifest.files {
            let contents = files.get(&entry.name).unwrap();
            (entry.sha256, entry.size) = (sums::hex(&sha256(contents)), contents.len() as u64);
            entry.rows = entry.rows.map(|_| contents.iter().filter(|byte| **byte == b'\n').count() as u64);
            manifest.rows = entry.rows.unwrap_or(manifest.rows);
        }
        files.put(name::MANIFEST, serde_json::to_vec(&manifest).unwrap());
        let named = files.names().filter(|file| ![name::SUMS, name::SIGNATURE].contains(file));
        let sums = sums::text(named.map(|file| (file, files.get(file).unwrap())));
        let signature = sign(key, sums.as_bytes()).unwrap();
        files.put(name::SUMS, sums.into_bytes());
        files.put(name::SIGNATURE, signature);
        files
    }
}

fn frontier(leaves: &[Vec<u8>]) -> Frontier {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(km_audit::tree::leaf_hash(leaf)));
    frontier
}

fn sign((key, certificate): &(SoftwareKey, Vec<u8>), content: &[u8]) -> Result<Vec<u8>, ()> {
    let statement = Statement {
        content_sha256: sha256(content),
        certificate_sha256: sha256(certificate),
        certificate,
        signing_time: SystemClock.now(),
    };
    let fixed = key.sign(SignatureAlgorithm::Es256, &signed_attributes(&statement).unwrap()).unwrap();
    Ok(signed_data(&statement, &[], CmsSignature::EcdsaSha256, &ecdsa_der(&fixed)).unwrap())
}

fn status(report: &Report, name: CheckName) -> Status {
    report.checks.iter().find(|check| check.name == name).unwrap().status
}

fn lines(files: &BundleFiles) -> Vec<Vec<u8>> {
    files.get(name::EVENTS).unwrap().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// The two stock commands, in a folder with the unpacked bundle.
fn stock_commands_accept(files: &BundleFiles, root_pem: &str) -> bool {
    let folder = Folder::new();
    files.names().for_each(|name| folder.write(name, files.get(name).unwrap()));
    folder.write("evidence-root.pem", root_pem);
    folder.run(
        "openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS \
         -CAfile evidence-root.pem -no-CApath -no-CAstore -out /dev/null && sha256sum -c --strict SHA256SUMS",
    )
}

#[test]
fn a_bundle_holds_by_our_verifier_and_by_stock_commands() {
    let log = Log::of(21);
    for (from, to) in [(0, 21), (0, 1), (5, 17), (20, 21)] {
        let files = log.bundle(from, to);
        let report = log.verify(&files);
        assert!(report.holds(), "{from}..{to}: {:?}", report.first_refusal());
        assert_eq!(report.manifest.unwrap().range, manifest::Range { from, to });
        assert!(stock_commands_accept(&files, &log.authority.root_pem()));
    }
}

#[test]
fn a_root_is_one_ca_certificate() {
    let authority = Authority::new("evidence root");
    assert_eq!(trusted_root(&authority.root_pem()), Ok(authority.root()));
    let leaf = Certificate::from_der(&authority.issue("emailProtection").1).unwrap();
    for bad in [String::new(), authority.root_pem().repeat(2), leaf.to_pem()] {
        assert_eq!(trusted_root(&bad), Err(BadRoot));
    }
}

#[test]
fn a_changed_byte_is_refused_by_both_and_so_are_recomputed_sums() {
    let log = Log::of(9);
    let mut files = log.bundle(0, 9);
    let mut events = files.get(name::EVENTS).unwrap().to_vec();
    events[40] ^= 1;
    files.put(name::EVENTS, events);
    assert_eq!(status(&log.verify(&files), CheckName::Digests), Status::Refused);
    assert!(!stock_commands_accept(&files, &log.authority.root_pem()));

    let named = files.names().filter(|file| ![name::SUMS, name::SIGNATURE].contains(file));
    let sums = sums::text(named.map(|file| (file, files.get(file).unwrap())));
    files.put(name::SUMS, sums.into_bytes());
    let report = log.verify(&files);
    assert_eq!(status(&report, CheckName::Digests), Status::Holds);
    assert_eq!(status(&report, CheckName::Signature), Status::Refused);
    assert!(!stock_commands_accept(&files, &log.authority.root_pem()));
}

/// Even who holds the evidence signer's key cannot say other than the log.
#[test]
fn dropped_reordered_truncated_and_invented_events_are_refused() {
    let log = Log::of(12);
    let files = log.bundle(2, 10);
    let rows = lines(&files);
    let forged = |rows: Vec<Vec<u8>>| log.verify(&log.forge(&files, &[(name::EVENTS, rows.concat())], &log.signer));

    let mut dropped = rows.clone();
    dropped.remove(3);
    assert_eq!(status(&forged(dropped), CheckName::Sequence), Status::Refused);

    let mut reordered = rows.clone();
    reordered.swap(3, 4);
    assert_eq!(status(&forged(reordered), CheckName::Sequence), Status::Refused);

    let truncated = rows[..6].to_vec();
    assert_eq!(status(&forged(truncated), CheckName::Inclusion), Status::Refused);

    let mut renamed = rows.clone();
    renamed[2] = String::from_utf8(renamed[2].clone()).unwrap().replace("crypto.encrypt", "crypto.decrypt").into();
    assert_eq!(status(&forged(renamed), CheckName::Inclusion), Status::Refused);

    let mut falling = rows.clone();
    falling[4] = String::from_utf8(falling[4].clone()).unwrap().replace("2023-11-14", "2022-11-14").into();
    assert_eq!(status(&forged(falling), CheckName::Sequence), Status::Refused);

    assert!(forged(rows).holds(), "the forging itself changes nothing");
}

#[test]
fn further_missing_and_unnamed_files_are_refused() {
    let log = Log::of(5);
    let files = log.bundle(0, 5);
    let extra = log.forge(&files, &[("extra.txt", b"x".to_vec())], &log.signer);
    assert_eq!(status(&log.verify(&extra), CheckName::Files), Status::Refused);
    let mut unnamed = files.clone();
    unnamed.put("extra.txt", b"x".to_vec());
    let report = log.verify(&unnamed);
    assert_eq!(status(&report, CheckName::Files), Status::Refused);
    assert_eq!(status(&report, CheckName::Digests), Status::Refused);
}

#[test]
fn foreign_roots_and_certificates_for_other_uses_are_refused() {
    let log = Log::of(5);
    let files = log.bundle(0, 5);
    let other = Authority::new("service root");
    let report = verify(&files, &other.root(), SystemClock.now());
    assert_eq!(status(&report, CheckName::Signer), Status::Refused);
    assert_eq!(status(&report, CheckName::Checkpoint), Status::Refused);
    assert!(!stock_commands_accept(&files, &other.root_pem()));

    // A certificate of the TLS root, one for TLS under the evidence root, and the checkpoint key's.
    for key in [other.issue("emailProtection"), log.authority.issue("serverAuth"), log.authority.issue("clientAuth")] {
        let forged = log.forge(&files, &[], &key);
        assert_eq!(status(&log.verify(&forged), CheckName::Signer), Status::Refused);
        assert!(!stock_commands_accept(&forged, &log.authority.root_pem()));
    }
    let by_checkpoint_key = log.forge(&files, &[], &log.checkpoint);
    assert_eq!(status(&log.verify(&by_checkpoint_key), CheckName::Signer), Status::Refused);
}

#[test]
fn another_checkpoint_or_another_keys_is_refused() {
    let log = Log::of(9);
    let files = log.bundle(3, 9);
    let text = String::from_utf8(files.get(name::CHECKPOINT).unwrap().to_vec()).unwrap();
    let moved = text.replace("\n9\n", "\n8\n").into_bytes();
    let forged = log.forge(&files, &[(name::CHECKPOINT, moved)], &log.signer);
    assert_eq!(status(&log.verify(&forged), CheckName::Checkpoint), Status::Refused);

    // The evidence signer may not sign checkpoints.
    let mut input = log.input(3, 9);
    let mut note = Note { signatures: Vec::new(), ..input.checkpoint.clone() };
    let signature = log.signer.0.sign(SignatureAlgorithm::Es256, note.bytes_to_sign()).unwrap();
    note.add_signature(ORIGIN, log.signer.0.public(), &signature).unwrap();
    (input.checkpoint, input.certificates.checkpoint) = (note, log.signer.1.clone());
    let zip = write(&input, |sums| sign(&log.signer, sums)).unwrap();
    let report = log.verify(&BundleFiles::from_zip(&zip).unwrap());
    assert_eq!(status(&report, CheckName::Checkpoint), Status::Refused);
}

#[test]
fn a_rewritten_past_is_refused() {
    let log = Log::of(9);
    let files = log.bundle(3, 9);
    let proofs = String::from_utf8(files.get(name::PROOFS).unwrap().to_vec()).unwrap();
    let mut other: crate::proofs::Proofs = serde_json::from_str(&proofs).unwrap();
    other.consistency.as_mut().unwrap().root = [1; 32];
    let forged = log.forge(&files, &[(name::PROOFS, serde_json::to_vec(&other).unwrap())], &log.signer);
    assert_eq!(status(&log.verify(&forged), CheckName::Consistency), Status::Refused);
    other.consistency = None;
    let forged = log.forge(&files, &[(name::PROOFS, serde_json::to_vec(&other).unwrap())], &log.signer);
    assert_eq!(status(&log.verify(&forged), CheckName::Consistency), Status::Refused);
}

#[test]
fn withheld_events_are_counted_and_proved() {
    let log = Log::of(9);
    let mut input = log.input(2, 9);
    for place in [0, 1, 4, 6] {
        let Entry::Disclosed(leaf) = &input.entries[place] else { panic!("withheld already") };
        input.entries[place] = Entry::Withheld(km_audit::tree::leaf_hash(leaf));
    }
    let zip = write(&input, |sums| sign(&log.signer, sums)).unwrap();
    let files = BundleFiles::from_zip(&zip).unwrap();
    let report = log.verify(&files);
    assert!(report.holds(), "{:?}", report.first_refusal());
    let manifest = report.manifest.unwrap();
    assert_eq!((manifest.rows, manifest.withheld), (3, 4));

    // Another tenant's event that was not withheld.
    let mut foreign = log.input(2, 9);
    foreign.tenant = "other".parse().unwrap();
    let zip = write(&foreign, |sums| sign(&log.signer, sums)).unwrap();
    let report = log.verify(&BundleFiles::from_zip(&zip).unwrap());
    assert_eq!(status(&report, CheckName::Agreement), Status::Refused);
}

#[test]
fn a_manifest_that_says_otherwise_is_refused() {
    let log = Log::of(9);
    let files = log.bundle(2, 9);
    let manifest = String::from_utf8(files.get(name::MANIFEST).unwrap().to_vec()).unwrap();
    for (from, to) in [("\"from\": 2", "\"from\": 1"), ("\"size\": 9", "\"size\": 8"), (ORIGIN, "sealkeep.example/x")] {
        assert!(manifest.contains(from));
        let forged = log.forge(&files, &[(name::MANIFEST, manifest.replace(from, to).into_bytes())], &log.signer);
        assert_eq!(status(&log.verify(&forged), CheckName::Agreement), Status::Refused, "{to}");
    }
}
