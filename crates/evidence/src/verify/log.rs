//! The checkpoint and the events in it.

use std::collections::BTreeSet;

use km_audit::{
    Checkpoint, LoggedEvent, Note, proof,
    tree::{Hash, leaf_hash},
};
use km_domain::{TenantId, Timestamp};
use km_x509::{Certificate, Usage, verify_chain};

use super::{Finding, file, text};
use crate::{
    files::BundleFiles,
    name,
    proofs::{self, Proofs},
};

/// A run of the log without gaps: the leaf hash of every place.
pub struct Run {
    pub from: u64,
    pub leaves: Vec<Hash>,
    pub disclosed: u64,
    pub tenants: BTreeSet<TenantId>,
}

impl Run {
    pub fn to(&self) -> u64 {
        self.from + self.leaves.len() as u64
    }

    pub fn withheld(&self) -> u64 {
        self.leaves.len() as u64 - self.disclosed
    }

    fn add(&mut self, index: u64, leaf: Hash) -> Result<(), String> {
        if self.leaves.is_empty() {
            self.from = index;
        } else if index != self.to() {
            return Err(format!("event {} is missing or out of order", self.to()));
        }
        self.leaves.push(leaf);
        Ok(())
    }
}

/// The checkpoint is signed by a key whose certificate leads to the given root and is made for checkpoints.
pub fn check_checkpoint(files: &BundleFiles, root: &[u8], at: Timestamp) -> Finding<Checkpoint> {
    let certificate =
        Certificate::from_pem(text(files, name::CHECKPOINT_CERTIFICATE)?).map_err(|error| error.to_string())?;
    verify_chain(&certificate.der, &[], &[root.to_vec()], at, Usage::DocumentSigning, &[])
        .map_err(|error| format!("{}: {error}", name::CHECKPOINT_CERTIFICATE))?;
    let note = Note::parse(text(files, name::CHECKPOINT)?).map_err(|error| error.to_string())?;
    let checkpoint = note.checkpoint().map_err(|error| error.to_string())?;
    note.verify_signature(&checkpoint.origin, &certificate.public_key).map_err(|error| error.to_string())?;
    let finding = format!("log of {} events, signed by a key under the given root", checkpoint.size);
    Ok((checkpoint, finding))
}

pub fn read_proofs(files: &BundleFiles) -> Result<Proofs, String> {
    let malformed = |_| format!("{} is not in its form", name::PROOFS);
    let read: Proofs = serde_json::from_slice(file(files, name::PROOFS)?).map_err(malformed)?;
    if read.schema == proofs::SCHEMA { Ok(read) } else { Err(format!("its schema is not {}", proofs::SCHEMA)) }
}

/// Reads the events: each in its one form, one place after the other (a withheld place by its hash), log time never
/// falling.
pub fn read(files: &BundleFiles, proofs: &Proofs) -> Finding<Run> {
    let mut lines = file(files, name::EVENTS)?.split_inclusive(|byte| *byte == b'\n').zip(1u64..);
    let mut withheld = proofs.withheld.iter().peekable();
    let mut run = Run { from: 0, leaves: Vec::new(), disclosed: 0, tenants: BTreeSet::new() };
    let mut newest = None;
    let mut next_line = || lines.next().map(|(line, row)| read_line(line, row)).transpose();
    let mut event = next_line()?;
    loop {
        // Two ordered lists become one.
        let hidden = withheld.next_if(|hidden| event.as_ref().is_none_or(|(event, _)| hidden.index < event.index));
        if let Some(hidden) = hidden {
            run.add(hidden.index, hidden.leaf_hash)?;
        } else if let Some((logged, leaf)) = event {
            run.add(logged.index, leaf)?;
            if newest > Some(logged.log_time) {
                return Err(format!("log time falls at event {}", logged.index));
            }
            newest = Some(logged.log_time);
            run.disclosed += 1;
            run.tenants.extend(logged.event.tenant);
            event = next_line()?;
        } else {
            break;
        }
    }
    if run.leaves.is_empty() {
        return Err("there is no event".to_owned());
    }
    let finding = format!("events {} to {}, none missing, in order", run.from, run.to() - 1);
    Ok((run, finding))
}

fn read_line(line: &[u8], row: u64) -> Result<(LoggedEvent, Hash), String> {
    let leaf = line.strip_suffix(b"\n").ok_or_else(|| format!("{} ends within a line", name::EVENTS))?;
    let event = LoggedEvent::from_leaf(leaf).map_err(|error| format!("row {row}: {error}"))?;
    Ok((event, leaf_hash(leaf)))
}

/// The events stand in the log of the checkpoint, each at its place.
pub fn check_inclusion(checkpoint: &Checkpoint, proofs: &Proofs, run: &Run) -> Finding<()> {
    proofs
        .inclusion
        .verify(run.from, &run.leaves, checkpoint.size, &checkpoint.root)
        .map_err(|_| "the events are not those of the log of the checkpoint".to_owned())?;
    let finding = format!("{} events stand in the log of {} at their places", run.leaves.len(), checkpoint.size);
    Ok(((), finding))
}

/// The log before the range is a prefix of the log of the checkpoint.
pub fn check_consistency(checkpoint: &Checkpoint, proofs: &Proofs, run: &Run) -> Finding<()> {
    let refused = |_| "the log before the range is not a prefix of the log of the checkpoint".to_owned();
    match &proofs.consistency {
        None if run.from == 0 => Ok(((), "the range begins with the log".to_owned())),
        Some(proof) if run.from > 0 && proof.size == run.from => {
            // The root before the range must be the one that the proof of inclusion computes with.
            if proofs.inclusion.root_before(run.from).map_err(refused)? != proof.root {
                return Err("it is about another log than the proof of inclusion".to_owned());
            }
            proof::verify_consistency(proof.size, checkpoint.size, &proof.hashes, &proof.root, &checkpoint.root)
                .map_err(refused)?;
            Ok(((), format!("the log of {} is a prefix of the log of {}", proof.size, checkpoint.size)))
        }
        _ => Err(format!("{} holds no proof for where the range begins", name::PROOFS)),
    }
}
