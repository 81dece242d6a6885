//! Writing a bundle. The caller brings the events, proofs, checkpoint and certificates, and the signer.

use km_audit::{LoggedEvent, Note, range::RangeProof, tree::Hash};
use km_crypto::digest::sha256;
use km_domain::{TenantId, Timestamp};
use km_x509::Certificate;

use crate::{
    files::{BundleFiles, FilesError},
    manifest::{self, FileEntry, Kind, LogPosition, Manifest, Range, Tool},
    name,
    proofs::{self, Consistency, Proofs, Withheld},
    readme, sums,
};

/// All that a bundle is made of. The leaves run from `from` without a gap.
#[derive(Debug, Clone)]
pub struct BundleInput {
    pub export: String,
    pub created: Timestamp,
    pub tenant: TenantId,
    /// Who asked for it.
    pub requester: String,
    pub purpose: String,
    pub case: Option<String>,
    /// Version of the program that writes.
    pub tool_version: String,
    /// Index of the first entry.
    pub from: u64,
    pub entries: Vec<Entry>,
    /// For exactly these entries in the tree of the checkpoint ([`RangeProof::make`]).
    pub inclusion: RangeProof,
    /// From `from` to the checkpoint's size ([`km_audit::proof::consistency`]); empty where `from` is 0.
    pub consistency: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
    pub certificates: Certificates,
}

/// One place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The event's leaf ([`LoggedEvent::leaf`]).
    Disclosed(Vec<u8>),
    /// Another tenant's event: its leaf hash only, from which, salted as it is, nothing can be guessed.
    Withheld(Hash),
}

/// Certificates to send along, DER. A verifier trusts only the root that it was given another way.
#[derive(Debug, Clone)]
pub struct Certificates {
    pub evidence_signer: Vec<u8>,
    pub checkpoint: Vec<u8>,
    pub evidence_root: Vec<u8>,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// Something given is not what it should be; the text names it.
    #[error("the bundle cannot be written: {0}")]
    Input(&'static str),
    #[error("the bundle cannot be signed: {0}")]
    Sign(E),
    #[error("the bundle cannot be packed: {0}")]
    Pack(#[from] FilesError),
}

/// Writes the bundle as a zip. `sign` makes the detached CMS signature (DER) over the bytes that it is given, with the key
/// of `certificates.evidence_signer`.
pub fn write<E>(input: &BundleInput, sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>) -> Result<Vec<u8>, WriteError<E>> {
    // 1. The files that carry the content.
    let mut files = BundleFiles::default();
    let (events, withheld) = rows(input).map_err(WriteError::Input)?;
    files.put(name::EVENTS, events);
    files.put(name::CHECKPOINT, input.checkpoint.to_string().into_bytes());
    files.put(name::PROOFS, json(&proofs_of(input, &withheld).map_err(WriteError::Input)?).map_err(WriteError::Input)?);
    files.put(name::README, readme::TEXT.as_bytes().to_vec());
    let certificates = [
        (name::SIGNER_CERTIFICATE, &input.certificates.evidence_signer),
        (name::CHECKPOINT_CERTIFICATE, &input.certificates.checkpoint),
        (name::ROOT_CERTIFICATE, &input.certificates.evidence_root),
    ];
    for (file, der) in certificates {
        let certificate = Certificate::from_der(der).map_err(|_| WriteError::Input("a certificate is malformed"))?;
        files.put(file, certificate.to_pem().into_bytes());
    }

    // 2. The manifest that describes them, the sums that name them all, the signature.
    let manifest = manifest_of(input, &files, withheld.len()).map_err(WriteError::Input)?;
    files.put(name::MANIFEST, json(&manifest).map_err(WriteError::Input)?);
    let named = files.names().filter_map(|file| files.get(file).map(|contents| (file, contents)));
    let sums = sums::text(named).into_bytes();
    let signature = sign(&sums).map_err(WriteError::Sign)?;
    files.put(name::SUMS, sums);
    files.put(name::SIGNATURE, signature);

    // 3. One file.
    Ok(files.to_zip()?)
}

fn rows(input: &BundleInput) -> Result<(Vec<u8>, Vec<Withheld>), &'static str> {
    let (mut events, mut withheld) = (Vec::new(), Vec::new());
    for (index, entry) in (input.from..).zip(&input.entries) {
        match entry {
            Entry::Disclosed(leaf) => {
                if LoggedEvent::from_leaf(leaf).map_err(|_| "an event is not in its form")?.index != index {
                    return Err("the events are not in order");
                }
                events.extend_from_slice(leaf);
                events.push(b'\n');
            }
            Entry::Withheld(leaf_hash) => withheld.push(Withheld { index, leaf_hash: *leaf_hash }),
        }
    }
    if input.entries.is_empty() { Err("the range is empty") } else { Ok((events, withheld)) }
}

fn proofs_of(input: &BundleInput, withheld: &[Withheld]) -> Result<Proofs, &'static str> {
    let consistency = match input.from {
        0 => None,
        size => {
            let root = input.inclusion.root_before(size).map_err(|_| "the proof of inclusion is of another range")?;
            Some(Consistency { size, root, hashes: input.consistency.clone() })
        }
    };
    Ok(Proofs {
        schema: proofs::SCHEMA.to_owned(),
        inclusion: input.inclusion.clone(),
        consistency,
        withheld: withheld.to_vec(),
    })
}

fn manifest_of(input: &BundleInput, files: &BundleFiles, withheld: usize) -> Result<Manifest, &'static str> {
    let checkpoint = input.checkpoint.checkpoint().map_err(|_| "the checkpoint is malformed")?;
    let rows = (input.entries.len() - withheld) as u64;
    let describe = |file: &str| {
        files.get(file).map(|contents| FileEntry {
            name: file.to_owned(),
            sha256: sums::hex(&sha256(contents)),
            size: contents.len() as u64,
            rows: (file == name::EVENTS).then_some(rows),
        })
    };
    Ok(Manifest {
        schema: manifest::SCHEMA.to_owned(),
        kind: Kind::LogRange,
        export: input.export.clone(),
        created: input.created,
        tool: Tool { name: "sealkeep".to_owned(), version: input.tool_version.clone() },
        tenant: input.tenant.clone(),
        requester: input.requester.clone(),
        purpose: input.purpose.clone(),
        case: input.case.clone(),
        range: Range { from: input.from, to: input.from + input.entries.len() as u64 },
        rows,
        withheld: withheld as u64,
        log: LogPosition::of(&checkpoint),
        files: name::DESCRIBED.into_iter().filter_map(describe).collect(),
    })
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, &'static str> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|_| "a part has no JSON form")?;
    bytes.push(b'\n');
    Ok(bytes)
}
