//! The log as its service shows it now, judged from outside: a checkpoint under the evidence root, events that stand in it, and
//! that it extends an earlier one. Who fetches all that, and how, is the caller's.

use km_audit::{
    Checkpoint, Frontier, LoggedEvent, Note,
    note::NoteError,
    proof,
    tree::{Hash, leaf_hash},
};
use km_domain::Timestamp;
use km_formats::json;
use serde_json::Value;

use crate::{NoLogKey, log_keys};

/// Why the log is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    #[error(transparent)]
    Key(#[from] NoLogKey),
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] NoteError),
    #[error("event {0} is not in its one form")]
    Form(u64),
    #[error("event {0} is out of order")]
    Order(u64),
    #[error("the events are not those of the checkpoint")]
    Root,
    #[error("event {0} does not stand in the log of the checkpoint")]
    Inclusion(u64),
    #[error("the log does not extend the earlier checkpoint")]
    Consistency,
}

/// Reads a checkpoint note (C2SP tlog-checkpoint) and checks its signature: by a key of this key set (RFC 7517) whose
/// certificate leads to this root (DER, see [`crate::trusted_root`]) at this moment.
///
/// # Errors
/// No such key, no signature by one, or a signature that does not hold.
pub fn signed_checkpoint(note: &str, jwks: &[u8], root: &[u8], at: Timestamp) -> Result<Checkpoint, LogFault> {
    let keys = log_keys(jwks, root, at)?;
    Ok(keys.verify(&Note::parse(note)?)?)
}

/// Events as they were read, in order. Other tenants' are not shown, so there may be gaps.
#[derive(Default)]
pub struct Trail {
    leaves: Vec<(u64, Hash)>,
    newest: Option<Timestamp>,
}

impl Trail {
    /// Takes the next event: the leaf as JSON.
    ///
    /// # Errors
    /// It is no event of the log, stands before its predecessor, or is older.
    pub fn add(&mut self, event: &Value) -> Result<(), LogFault> {
        let expected = self.leaves.last().map_or(0, |(index, _)| index + 1);
        let leaf = json::canonical(event).map_err(|_| LogFault::Form(expected))?;
        let logged = LoggedEvent::from_leaf(&leaf).map_err(|_| LogFault::Form(expected))?;
        if logged.index < expected || self.newest.is_some_and(|newest| logged.log_time < newest) {
            return Err(LogFault::Order(logged.index));
        }
        self.newest = Some(logged.log_time);
        self.leaves.push((logged.index, leaf_hash(&leaf)));
        Ok(())
    }

    pub fn len(&self) -> u64 {
        self.leaves.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Whether every event of the checkpoint was shown.
    pub fn is_whole(&self, checkpoint: &Checkpoint) -> bool {
        self.len() == checkpoint.size
    }

    /// Builds the tree anew from all events: each of them stands in the log, and nothing else does.
    ///
    /// # Errors
    /// The tree has another root.
    pub fn check_whole(&self, checkpoint: &Checkpoint) -> Result<(), LogFault> {
        let mut tree = Frontier::new();
        self.leaves.iter().for_each(|(_, leaf)| tree.push(*leaf));
        let same = tree.size() == checkpoint.size && tree.root() == checkpoint.root;
        if same { Ok(()) } else { Err(LogFault::Root) }
    }

    /// Indexes to ask proofs for where there are gaps: the first, the last, and every `step`-th between.
    pub fn sample(&self, step: usize) -> Vec<u64> {
        let last = self.leaves.last().map(|(index, _)| *index);
        let mut sample: Vec<u64> = self.leaves.iter().step_by(step.max(1)).map(|(index, _)| *index).collect();
        sample.extend(last.filter(|last| sample.last() != Some(last)));
        sample
    }

    /// Checks an inclusion proof (RFC 9162, section 2.1.3) of one of the events.
    ///
    /// # Errors
    /// The event was not shown, or the proof does not hold.
    pub fn check_inclusion(&self, checkpoint: &Checkpoint, index: u64, path: &[Vec<u8>]) -> Result<(), LogFault> {
        let fault = LogFault::Inclusion(index);
        let place = self.leaves.binary_search_by_key(&index, |(index, _)| *index).map_err(|_| fault)?;
        let (_, leaf) = self.leaves.get(place).ok_or(fault)?;
        let path = hashes(path).ok_or(fault)?;
        proof::verify_inclusion(leaf, index, checkpoint.size, &path, &checkpoint.root).map_err(|_| fault)
    }
}

/// Checks a consistency proof (RFC 9162, section 2.1.4): the log of the newer checkpoint begins with the log of the earlier.
///
/// # Errors
/// They are of two logs, or the proof does not hold.
pub fn check_consistency(earlier: &Checkpoint, newer: &Checkpoint, path: &[Vec<u8>]) -> Result<(), LogFault> {
    let path = hashes(path).filter(|_| earlier.origin == newer.origin).ok_or(LogFault::Consistency)?;
    proof::verify_consistency(earlier.size, newer.size, &path, &earlier.root, &newer.root)
        .map_err(|_| LogFault::Consistency)
}

fn hashes(path: &[Vec<u8>]) -> Option<Vec<Hash>> {
    path.iter().map(|hash| Hash::try_from(hash.as_slice()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use km_audit::{Actor, Event, EventKind, tree::Node};
    use km_domain::{Clock, SignatureAlgorithm, SystemClock};
    use km_formats::base64url;
    use serde_json::json;

    use super::*;
    use crate::authority::Authority;

    const ORIGIN: &str = "sealkeep.example/demo";

    fn event(index: u64, second: i64) -> Value {
        let at = Timestamp::from_seconds(1_700_000_000 + second);
        let event = Event::new(EventKind::Encrypt, at, Actor::system("test"), [index as u8; 16]);
        let leaf = LoggedEvent { index, log_time: at, event }.leaf().unwrap();
        serde_json::from_slice(&leaf).unwrap()
    }

    fn trail(indexes: impl IntoIterator<Item = u64>) -> Trail {
        let mut trail = Trail::default();
        indexes.into_iter().for_each(|index| trail.add(&event(index, index as i64)).unwrap());
        trail
    }

    fn node(node: Node) -> Result<Hash, ()> {
        let mut tree = Frontier::new();
        let (low, width) = (node.index << node.level, 1 << node.level);
        trail(low..low + width).leaves.iter().for_each(|(_, leaf)| tree.push(*leaf));
        Ok(tree.root())
    }

    fn checkpoint(size: u64) -> Checkpoint {
        Checkpoint { origin: ORIGIN.to_owned(), size, root: proof::root(size, &mut node).unwrap() }
    }

    fn bytes(hashes: Vec<Hash>) -> Vec<Vec<u8>> {
        hashes.iter().map(|hash| hash.to_vec()).collect()
    }

    #[test]
    fn a_whole_trail_gives_the_root() {
        let (log, events) = (checkpoint(7), trail(0..7));
        assert!(events.is_whole(&log));
        assert_eq!(events.check_whole(&log), Ok(()));
        assert_eq!(trail(0..6).check_whole(&log), Err(LogFault::Root));
        let mut altered = trail(0..6);
        altered.add(&event(6, 60)).unwrap();
        assert_eq!(altered.check_whole(&log), Err(LogFault::Root));
    }

    #[test]
    fn gaps_are_bridged_by_proofs() {
        let (log, events) = (checkpoint(7), trail([1, 4, 5]));
        assert!(!events.is_whole(&log));
        assert_eq!(
            (events.sample(2), trail(0..2).sample(5), Trail::default().sample(1)),
            (vec![1, 5], vec![0, 1], vec![])
        );
        let path = bytes(proof::inclusion(4, 7, &mut node).unwrap());
        assert_eq!(events.check_inclusion(&log, 4, &path), Ok(()));
        assert_eq!(events.check_inclusion(&log, 5, &path), Err(LogFault::Inclusion(5)));
        assert_eq!(events.check_inclusion(&log, 2, &path), Err(LogFault::Inclusion(2)));
        assert_eq!(events.check_inclusion(&log, 4, &[vec![0; 31]]), Err(LogFault::Inclusion(4)));
    }

    #[test]
    fn order_and_form_are_kept() {
        let mut events = trail([3]);
        assert_eq!(events.add(&event(3, 9)), Err(LogFault::Order(3)));
        assert_eq!(events.add(&event(4, 2)), Err(LogFault::Order(4)));
        let mut changed = event(4, 9);
        changed["unknown"] = json!(1);
        assert_eq!(events.add(&changed), Err(LogFault::Form(4)));
    }

    #[test]
    fn an_extension_is_told_from_another_log() {
        let (earlier, newer) = (checkpoint(3), checkpoint(7));
        let path = bytes(proof::consistency(3, 7, &mut node).unwrap());
        assert_eq!(check_consistency(&earlier, &newer, &path), Ok(()));
        let forked = Checkpoint { root: [1; 32], ..earlier.clone() };
        let foreign = Checkpoint { origin: "other.example/log".to_owned(), ..earlier };
        for bad in [forked, foreign] {
            assert_eq!(check_consistency(&bad, &newer, &path), Err(LogFault::Consistency));
        }
    }

    #[test]
    fn a_checkpoint_needs_a_certified_key() {
        let (authority, foreign) = (Authority::new("evidence root"), Authority::new("another root"));
        let (key, certificate) = authority.issue("1.3.6.1.5.5.7.3.36");
        let jwks = json!({"keys": [{"purpose": "checkpoint", "x5c": [base64url::encode(certificate)]}]}).to_string();
        let mut note = Note::of(&checkpoint(3));
        let signature = key.sign(SignatureAlgorithm::Es256, note.bytes_to_sign()).unwrap();
        note.add_signature(ORIGIN, key.public(), &signature).unwrap();
        let (note, now) = (note.to_string(), SystemClock.now());
        let read = |note: &str, root: &[u8]| signed_checkpoint(note, jwks.as_bytes(), root, now);
        assert_eq!(read(&note, &authority.root()), Ok(checkpoint(3)));
        assert_eq!(read(&note, &foreign.root()), Err(LogFault::Key(NoLogKey)));
        let grown = note.replace("\n3\n", "\n4\n");
        assert_eq!(read(&grown, &authority.root()), Err(LogFault::Checkpoint(NoteError::BadSignature)));
    }
}
