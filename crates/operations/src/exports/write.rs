//! A range of the log as a signed bundle.

use km_audit::{LoggedEvent, Note, proof, range::RangeProof, tree};
use km_crypto::random;
use km_evidence::{BundleInput, Certificates, Entry};
use km_policy::{Action, Stated};
use km_storage::{ExportRow, Unrecorded, Write};

use crate::{
    Caller, Operation, OperationError, Operations, Record,
    caller::refused,
    keys::names,
    log::{checkpoint, signer},
};

/// What an auditor asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// First entry; 0 where not given.
    pub from: Option<u64>,
    /// End of the range, not included; the end of the log where not given.
    pub to: Option<u64>,
    pub purpose: String,
    pub case: Option<String>,
}

/// A finished export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub id: String,
    pub from: u64,
    pub to: u64,
}

/// Most entries in one bundle.
const MOST: u64 = 100_000;

/// Writes the bundle and keeps it for the auditor to fetch: intent, bundle, outcome.
pub fn write(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    request: &ExportRequest,
) -> Operation<Exported> {
    let now = operations.clock.now();
    let checked = caller.may(Action::Export, now).and_then(|()| {
        let stated = operations.rules.purposes.check(&request.purpose, request.case.as_deref(), None);
        stated.map_err(|unstated| OperationError::refused("purpose-refused", rule(unstated)))
    });
    let stated = match checked {
        Ok(stated) => stated,
        Err(error) => return caller.refuse(operations, km_audit::EventKind::ExportOutcome, error),
    };
    let id: String = random::bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut intent = caller.event(operations, km_audit::EventKind::ExportIntent);
    intent.object = Some(format!("export {id}"));
    intent.purpose = Some(stated.purpose.name().to_owned());
    intent.case.clone_from(&stated.case);
    let begun = match record.record(Unrecorded::new((), intent)) {
        Ok(recorded) => recorded.placed.map(|placed| placed.log_index),
        Err(error) => return Unrecorded::unremarkable(Err(error.into())),
    };
    let mut outcome = caller.event(operations, km_audit::EventKind::ExportOutcome);
    outcome.object = Some(format!("export {id}"));
    outcome.purpose = Some(stated.purpose.name().to_owned());
    outcome.intent = begun;
    match bundle(operations, record, caller, request, &stated, &id) {
        Ok((bundle, from, to)) => {
            outcome.count = to - from;
            outcome.digests.insert("bundle".into(), hex(&km_crypto::digest::sha256(&bundle)));
            let row = ExportRow {
                id: id.clone(),
                tenant: caller.tenant().to_string(),
                requester: caller.principal.name(),
                created: now.micros(),
                bundle,
            };
            Unrecorded::new(Ok(Exported { id, from, to }), outcome).with(Write::insert_export(row))
        }
        Err(error) => {
            let event = refused(outcome, &error);
            Unrecorded::new(Err(error), event)
        }
    }
}

const fn rule(unstated: km_policy::Unstated) -> &'static str {
    match unstated {
        km_policy::Unstated::Purpose => "purpose: must be one of the closed list",
        km_policy::Unstated::Case => "case: must be letters A-Z, digits, '-' and '/', with a digit",
        km_policy::Unstated::Basis => "basis: must be one of the closed list",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bundle(
    operations: &Operations,
    record: &Record,
    caller: &Caller,
    request: &ExportRequest,
    stated: &Stated,
    id: &str,
) -> Result<(Vec<u8>, u64, u64), OperationError> {
    // 1. The range, against a checkpoint that covers it.
    let (size, note) = checkpoint(operations, record)?;
    let (from, to) = (request.from.unwrap_or(0), request.to.unwrap_or(size));
    if from >= to || to > size || to - from > MOST {
        return Err(OperationError::invalid("from, to", "must be a range within the log of at most 100000 entries"));
    }
    let damaged = || OperationError::Unavailable("the log is damaged".into());
    let checkpoint_note = Note::parse(&note).map_err(|_| damaged())?;
    // 2. The entries; of other tenants' events only the hash.
    let entries = entries(operations, caller, from, to)?;
    // 3. Proofs.
    let inclusion = RangeProof::make(from, to, size, &mut operations.storage.nodes()).map_err(|_| damaged())?;
    let consistency = proof::consistency(from, size, &mut operations.storage.nodes()).map_err(|_| damaged())?;
    // 4. The bundle, signed under the evidence root.
    let keys = operations.keyring.keys();
    let evidence = keys.system(names::EVIDENCE_SIGNER)?.current()?;
    let (_, checkpoint_chain) = signer(operations)?;
    let certificate = |chain: &[Vec<u8>], at: usize| chain.get(at).cloned().ok_or_else(damaged);
    let input = BundleInput {
        export: id.to_owned(),
        created: operations.clock.now(),
        tenant: caller.tenant().clone(),
        requester: caller.principal.name(),
        purpose: stated.purpose.name().to_owned(),
        case: stated.case.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        from,
        entries,
        inclusion,
        consistency,
        checkpoint: checkpoint_note,
        certificates: Certificates {
            evidence_signer: certificate(&evidence.certificates, 0)?,
            checkpoint: certificate(&checkpoint_chain, 0)?,
            evidence_root: certificate(&evidence.certificates, 1)?,
        },
    };
    let sign = |sums: &[u8]| {
        km_envelope::cms::sign_detached(
            &*operations.keys,
            &evidence.stored,
            &input.certificates.evidence_signer,
            &[],
            sums,
            operations.clock.now(),
        )
    };
    let bundle = km_evidence::write(&input, sign).map_err(|error| OperationError::Unavailable(error.to_string()))?;
    Ok((bundle, from, to))
}

fn entries(operations: &Operations, caller: &Caller, from: u64, to: u64) -> Result<Vec<Entry>, OperationError> {
    let damaged = || OperationError::Unavailable("the log is damaged".into());
    let mut entries = Vec::new();
    let mut at = from;
    while at < to {
        let limit = u32::try_from((to - at).min(1000)).unwrap_or(1000);
        let leaves = operations.storage.leaves(at, limit)?;
        if leaves.is_empty() {
            return Err(damaged());
        }
        at += leaves.len() as u64;
        for (_, leaf) in leaves {
            let logged = LoggedEvent::from_leaf(&leaf).map_err(|_| damaged())?;
            let tenant = logged.event.tenant.as_ref();
            let own = tenant.is_none_or(|tenant| tenant == caller.tenant() || tenant.is_system());
            entries.push(if own { Entry::Disclosed(leaf) } else { Entry::Withheld(tree::leaf_hash(&leaf)) });
        }
    }
    Ok(entries)
}

/// A finished bundle of the auditor's tenant.
pub fn fetch(operations: &Operations, caller: &Caller, id: &str) -> Operation<Vec<u8>> {
    let bundle = caller.may(Action::Export, operations.clock.now()).and_then(|()| {
        let row = operations.storage.export(caller.tenant(), id)?;
        Ok(row.ok_or(OperationError::NotFound("export"))?.bundle)
    });
    match bundle {
        Ok(bundle) => Unrecorded::unremarkable(Ok(bundle)),
        Err(error) => caller.refuse(operations, km_audit::EventKind::AccessRefused, error),
    }
}
