//! The registry as the first witness of the key manager's log: every checkpoint that comes back is checked against the
//! newest one kept, so a fork or a rollback shows at the next call.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use km_audit::note::NoteError;
use km_audit::{
    Checkpoint, Note, proof,
    tree::Hash,
    witness::{LogKeys, WitnessKey},
};
use km_domain::{Clock, Timestamp};
use km_proto::v1;
use km_service::Fetcher;
use tokio::sync::{Mutex, watch};

use super::{Behalf, KeyManagerError, Link};

/// A checked checkpoint with the note that signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub checkpoint: Checkpoint,
    pub note: Note,
    pub at: Timestamp,
}

/// Where the log's keys are found: in the key manager's key set, each with a certificate under the evidence root, which is
/// what this registry pins.
pub struct LogKeySource {
    pub fetcher: Fetcher,
    /// Address of the key set.
    pub address: String,
    /// The evidence root, DER.
    pub root: Vec<u8>,
}

/// Checks checkpoints, one after the other.
pub struct Witness {
    source: LogKeySource,
    key: WitnessKey,
    name: String,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    newest: watch::Sender<Option<Seen>>,
}

struct State {
    keys: Option<LogKeys>,
    fetched: Option<Timestamp>,
    newest: Option<Checkpoint>,
    /// Checked before: concurrent calls come back in any order, and most carry a checkpoint that another call brought.
    recent: VecDeque<(u64, Hash)>,
}

const RECENT: usize = 64;
/// The key set is fetched no more often than this, whatever signatures come.
const SHORTEST_REFRESH: Duration = Duration::from_secs(5);

impl Witness {
    /// `kept` is the newest checkpoint of earlier runs; `name` is the name of the witness's key in its cosignatures.
    pub fn new(
        source: LogKeySource,
        key: WitnessKey,
        name: String,
        clock: Arc<dyn Clock>,
        kept: Option<Checkpoint>,
    ) -> Self {
        let recent = VecDeque::with_capacity(RECENT);
        let state = State { keys: None, fetched: None, newest: kept, recent };
        Self { source, key, name, clock, state: Mutex::new(state), newest: watch::Sender::new(None) }
    }

    /// Newer checkpoints, as they are seen: for whoever stores and cosigns them.
    pub fn watch(&self) -> watch::Receiver<Option<Seen>> {
        self.newest.subscribe()
    }

    /// The size of the newest checkpoint that was checked.
    pub async fn size(&self) -> Option<u64> {
        self.state.lock().await.newest.as_ref().map(|checkpoint| checkpoint.size)
    }

    /// Adds this witness's cosignature of this moment.
    ///
    /// # Errors
    /// The witness's name is no key name.
    pub fn cosign(&self, note: &Note) -> Result<Note, KeyManagerError> {
        let mut note = note.clone();
        self.key.cosign(&mut note, &self.name, self.clock.now())?;
        Ok(note)
    }

    /// Believes a checkpoint or refuses the answer that it came with: signature, then consistency with the newest kept.
    pub(super) async fn check(&self, link: &Link, checkpoint: Option<v1::Checkpoint>) -> Result<(), KeyManagerError> {
        let came = checkpoint.ok_or(KeyManagerError::Malformed("every answer must carry a checkpoint"))?;
        let note = Note::parse(&came.note)?;
        // One at a time: while one call asks for a proof, the others wait and then find its checkpoint among the recent.
        let mut state = self.state.lock().await;
        let checkpoint = self.verify(&mut state, &note).await?;
        if state.recent.contains(&(checkpoint.size, checkpoint.root)) {
            return Ok(());
        }
        let Some(kept) = state.newest.clone() else {
            self.accept(&mut state, checkpoint, note);
            return Ok(());
        };
        let inconsistent = |reason| {
            tracing::error!(
                event = "witness.inconsistent",
                kept = kept.size,
                reason,
                "the log does not extend what was seen"
            );
            KeyManagerError::Inconsistent { kept: kept.size, reason }
        };
        if checkpoint.origin != kept.origin {
            return Err(inconsistent("it is another log"));
        }
        let (old, new) = if checkpoint.size >= kept.size { (&kept, &checkpoint) } else { (&checkpoint, &kept) };
        let path = if old.size == new.size || old.size == 0 {
            Vec::new()
        } else {
            consistency(link, old.size, new.size).await?
        };
        proof::verify_consistency(old.size, new.size, &path, &old.root, &new.root)
            .map_err(|_| inconsistent("the proof does not hold"))?;
        self.accept(&mut state, checkpoint, note);
        Ok(())
    }

    /// The checkpoint of a note that one of the log's keys signed. An unknown key is looked for once in the key set.
    async fn verify(&self, state: &mut State, note: &Note) -> Result<Checkpoint, KeyManagerError> {
        match state.keys.as_ref().map(|keys| keys.verify(note)) {
            Some(Ok(checkpoint)) => return Ok(checkpoint),
            Some(Err(NoteError::NoSignature)) | None => {}
            Some(Err(error)) => return Err(error.into()),
        }
        let now = self.clock.now();
        let recently = |fetched: Timestamp| fetched.plus(SHORTEST_REFRESH) > now;
        if state.keys.is_some() && state.fetched.is_some_and(recently) {
            return Err(NoteError::NoSignature.into());
        }
        state.fetched = Some(now);
        let unavailable = |reason: String| KeyManagerError::Unavailable(format!("the log's keys: {reason}"));
        let set =
            self.source.fetcher.json(&self.source.address).await.map_err(|error| unavailable(error.to_string()))?;
        let keys = km_evidence::log_keys(set.to_string().as_bytes(), &self.source.root, now)
            .map_err(|error| unavailable(error.to_string()))?;
        Ok(state.keys.insert(keys).verify(note)?)
    }

    fn accept(&self, state: &mut State, checkpoint: Checkpoint, note: Note) {
        if state.recent.len() == RECENT {
            state.recent.pop_front();
        }
        state.recent.push_back((checkpoint.size, checkpoint.root));
        if state.newest.as_ref().is_none_or(|newest| newest.size < checkpoint.size) {
            state.newest = Some(checkpoint.clone());
            self.newest.send_replace(Some(Seen { checkpoint, note, at: self.clock.now() }));
        }
    }
}

async fn consistency(link: &Link, from: u64, to: u64) -> Result<Vec<Hash>, KeyManagerError> {
    let message = Link::request(&Behalf::registry()?, v1::ConsistencyProofRequest { from, to })?;
    let hashes = link.log().consistency_proof(message).await?.into_inner().hashes;
    hashes
        .into_iter()
        .map(|hash| Hash::try_from(hash).map_err(|_| KeyManagerError::Malformed("a proof is made of 32-byte hashes")))
        .collect()
}
