//! `verify-audit`: reads the whole log, computes its tree, and holds it against the newest checkpoint, the head in the
//! database and the checkpoint that is kept outside of it.

use km_audit::{Frontier, LoggedEvent, Note, tree::leaf_hash};

use crate::{
    anchor::Anchor,
    config::Config,
    startup::{self, StartError},
};

const PAGE: u32 = 1000;

/// Ok: every event is in its place, the newest checkpoint is signed and agrees, and so does the one kept outside.
pub fn run(config: &Config) -> Result<(), StartError> {
    let parts = startup::open(config)?;
    let storage = &parts.operations.storage;
    let damaged = |index: u64, why: &str| StartError(format!("entry {index}: {why}"));
    // The head first: while the service runs, entries may follow it.
    let (head, newest) = (storage.head()?, storage.newest_checkpoint()?);
    Anchor::of(&config.state_dir).check(&parts.operations)?;
    let other_root = || StartError("the log's head does not agree with its entries".into());
    let (mut tree, mut log_time) = (Frontier::new(), None);
    loop {
        let page = storage.leaves(tree.size(), PAGE)?;
        for (index, leaf) in &page {
            let logged = LoggedEvent::from_leaf(leaf).map_err(|error| damaged(*index, &error.to_string()))?;
            if logged.index != tree.size() || *index != tree.size() {
                return Err(damaged(*index, "an entry is missing before it, or it says another place"));
            }
            if log_time.is_some_and(|before| logged.log_time < before) {
                return Err(damaged(*index, "its log time is before its predecessor's"));
            }
            log_time = Some(logged.log_time);
            tree.push(leaf_hash(leaf));
            if let Some((size, note)) = &newest
                && *size == tree.size()
            {
                check(&parts, note, &tree)?;
            }
            if head.size() == tree.size() && head.frontier.root() != tree.root() {
                return Err(other_root());
            }
        }
        if page.len() < PAGE as usize {
            break;
        }
    }
    if newest.as_ref().is_some_and(|(size, _)| *size > tree.size()) {
        return Err(StartError("the log is shorter than its newest checkpoint".into()));
    }
    if head.size() > tree.size() {
        return Err(other_root());
    }
    let size = newest.map_or(0, |(size, _)| size);
    println!("{} entries, each in its place; checkpoint of {size} entries signed and true", tree.size());
    Ok(())
}

fn check(parts: &startup::Parts, note: &str, tree: &Frontier) -> Result<(), StartError> {
    let refused = |why: String| StartError(format!("checkpoint of {} entries: {why}", tree.size()));
    let note = Note::parse(note).map_err(|error| refused(error.to_string()))?;
    let (public, _) = km_operations::log::signer(&parts.operations)?;
    note.verify_signature(&parts.operations.rules.log_origin, &public).map_err(|error| refused(error.to_string()))?;
    let checkpoint = note.checkpoint().map_err(|error| refused(error.to_string()))?;
    if checkpoint.root == tree.root() { Ok(()) } else { Err(refused("the entries give another root".into())) }
}
