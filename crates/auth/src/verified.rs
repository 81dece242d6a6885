//! Tokens that were verified, so that none is verified twice. Bounded; an entry ends with its token.

use std::{collections::HashMap, sync::Arc};

use km_domain::{Principal, Timestamp};
use parking_lot::Mutex;

use crate::audience::Heard;

/// The SHA-256 of the whole token.
pub(crate) type Digest = [u8; 32];

/// Half of the cache. When it is full it becomes the older half, and what the older half held and nobody asked for again is
/// forgotten.
pub(crate) const HALF: usize = 8192;

#[derive(Default)]
pub(crate) struct Verified {
    halves: Mutex<Halves>,
}

#[derive(Default)]
struct Halves {
    young: HashMap<Digest, Entry>,
    old: HashMap<Digest, Entry>,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub principal: Arc<Principal>,
    pub heard: Arc<Heard>,
    /// The token's end, leeway included.
    pub until: Timestamp,
    /// Which state of the issuer's key set verified it: a key that was taken back takes its tokens along.
    pub keys: u64,
}

impl Verified {
    /// The entry, if its token still holds.
    pub fn find(&self, digest: &Digest, now: Timestamp) -> Option<Entry> {
        let mut halves = self.halves.lock();
        let found = match halves.young.get(digest) {
            Some(entry) => entry.clone(),
            None => {
                let entry = halves.old.remove(digest)?;
                halves.insert(*digest, entry.clone());
                entry
            }
        };
        (now < found.until).then_some(found)
    }

    pub fn keep(&self, digest: Digest, entry: Entry) {
        self.halves.lock().insert(digest, entry);
    }

    /// Forgets every token of one principal: after a freeze, the next one is verified anew.
    pub fn forget(&self, issuer: &str, subject: &str) {
        let mut halves = self.halves.lock();
        let stays =
            |_: &Digest, entry: &mut Entry| entry.principal.issuer != issuer || entry.principal.subject != subject;
        halves.young.retain(stays);
        halves.old.retain(stays);
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        let halves = self.halves.lock();
        halves.young.len() + halves.old.len()
    }
}

impl Halves {
    fn insert(&mut self, digest: Digest, entry: Entry) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest, entry);
    }
}
