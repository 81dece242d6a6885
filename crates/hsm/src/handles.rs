//! Handles of keys that were used lately. Bounded in entries and in time. The session objects behind handles that left are
//! given back to be destroyed, none while a call still uses it: a token may give the number to another object at once.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use km_crypto::digest::sha256_parts;
use km_keystore::{Residence, StoredKey};
use parking_lot::Mutex;

/// What a handle may be used for. A wrapped key is unwrapped for one use; another use is another object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Sign,
    Decrypt,
    Agree,
    Mac,
    Cipher,
    Wrap,
    /// Unwraps what was wrapped elsewhere.
    Unwrap,
}

impl Use {
    pub(crate) const ALL: [Use; 7] =
        [Self::Sign, Self::Decrypt, Self::Agree, Self::Mac, Self::Cipher, Self::Wrap, Self::Unwrap];
}

/// Names one handle: digest of the key's name, algorithm and residence, and of the use.
pub(crate) type HandleName = [u8; 32];

pub(crate) fn handle_name(key: &StoredKey, usage: Use) -> HandleName {
    let version = key.name.version.to_be_bytes();
    let kind = [key.algorithm as u8, usage as u8];
    let id = key.name.key.as_str().as_bytes();
    let id_length = (id.len() as u64).to_be_bytes();
    match &key.residence {
        Residence::Resident { object } => sha256_parts(&[&kind, &id_length, id, &version, b"resident", object]),
        Residence::Wrapped { root, mechanism, blob } => {
            let root_length = (root.len() as u64).to_be_bytes();
            let mechanism_length = (mechanism.len() as u64).to_be_bytes();
            sha256_parts(&[
                &kind,
                &id_length,
                id,
                &version,
                b"wrapped",
                &root_length,
                root,
                &mechanism_length,
                mechanism.as_bytes(),
                blob,
            ])
        }
    }
}

/// `H`: an object handle.
pub(crate) struct HandleCache<H> {
    capacity: usize,
    lifetime: Duration,
    state: Mutex<State<H>>,
}

struct State<H> {
    entries: HashMap<HandleName, Entry<H>>,
    /// In order of insertion; an entry that was used since it was last looked at gets a second turn.
    queue: VecDeque<HandleName>,
    /// Session objects of ours that left and have not been destroyed yet.
    leaving: Vec<Arc<H>>,
}

struct Entry<H> {
    handle: Arc<H>,
    /// A session object of ours, to be destroyed when it leaves; a resident key's object is not.
    ours: bool,
    made: Instant,
    used: bool,
}

impl<H: Copy> HandleCache<H> {
    pub(crate) fn new(capacity: usize, lifetime: Duration) -> Self {
        Self { capacity: capacity.max(1), lifetime, state: Mutex::new(State::empty()) }
    }

    /// The handle, for as long as the caller keeps what it gets.
    pub(crate) fn find(&self, name: &HandleName) -> Option<Arc<H>> {
        let mut state = self.state.lock();
        let entry = state.entries.get_mut(name)?;
        if entry.made.elapsed() > self.lifetime {
            return None;
        }
        entry.used = true;
        Some(Arc::clone(&entry.handle))
    }

    /// Keeps a handle; another may have to leave for it.
    pub(crate) fn insert(&self, name: HandleName, handle: H, ours: bool) -> Arc<H> {
        let mut state = self.state.lock();
        let handle = Arc::new(handle);
        let entry = Entry { handle: Arc::clone(&handle), ours, made: Instant::now(), used: false };
        match state.entries.insert(name, entry) {
            Some(old) => state.leave(old),
            None => state.queue.push_back(name),
        }
        while state.entries.len() > self.capacity {
            state.evict_one();
        }
        handle
    }

    /// Forgets these.
    pub(crate) fn remove(&self, names: &[HandleName]) {
        let mut state = self.state.lock();
        state.queue.retain(|name| !names.contains(name));
        for name in names {
            if let Some(entry) = state.entries.remove(name) {
                state.leave(entry);
            }
        }
    }

    /// Forgets what is older than its lifetime.
    pub(crate) fn remove_expired(&self) {
        let state = self.state.lock();
        let old = |entry: &Entry<H>| entry.made.elapsed() > self.lifetime;
        let names: Vec<_> = state.entries.iter().filter(|(_, entry)| old(entry)).map(|(name, _)| *name).collect();
        drop(state);
        if !names.is_empty() {
            self.remove(&names);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock();
        state.queue.clear();
        for entry in std::mem::take(&mut state.entries).into_values() {
            state.leave(entry);
        }
    }

    /// Session objects that left and that no call uses any more, to be destroyed now. Each is given once.
    pub(crate) fn unused(&self) -> Vec<H> {
        let mut state = self.state.lock();
        // What has left is in no entry, so nobody can begin to use it now.
        let (unused, in_use) = std::mem::take(&mut state.leaving)
            .into_iter()
            .partition::<Vec<_>, _>(|handle| Arc::strong_count(handle) == 1);
        state.leaving = in_use;
        unused.iter().map(|handle| **handle).collect()
    }
}

impl<H> State<H> {
    fn empty() -> Self {
        Self { entries: HashMap::new(), queue: VecDeque::new(), leaving: Vec::new() }
    }

    fn leave(&mut self, entry: Entry<H>) {
        if entry.ours {
            self.leaving.push(entry.handle);
        }
    }

    fn evict_one(&mut self) {
        while let Some(name) = self.queue.pop_front() {
            match self.entries.get_mut(&name) {
                Some(entry) if entry.used => {
                    entry.used = false;
                    self.queue.push_back(name);
                }
                Some(_) => {
                    if let Some(entry) = self.entries.remove(&name) {
                        self.leave(entry);
                    }
                    return;
                }
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u8) -> HandleName {
        [number; 32]
    }

    fn found(cache: &HandleCache<u64>, number: u8) -> Option<u64> {
        cache.find(&name(number)).map(|handle| *handle)
    }

    #[test]
    fn what_was_used_stays_and_what_was_not_leaves() {
        let cache = HandleCache::new(2, Duration::from_secs(60));
        cache.insert(name(1), 1_u64, true);
        cache.insert(name(2), 2, true);
        assert_eq!(found(&cache, 1), Some(1));
        assert!(cache.unused().is_empty());
        cache.insert(name(3), 3, true);
        assert_eq!(cache.unused(), [2]);
        assert_eq!((found(&cache, 1), found(&cache, 2), found(&cache, 3)), (Some(1), None, Some(3)));
    }

    #[test]
    fn an_object_in_use_is_not_given_to_be_destroyed() {
        let cache = HandleCache::new(1, Duration::from_secs(60));
        let in_use = cache.insert(name(1), 1_u64, true);
        let also = cache.find(&name(1)).unwrap();
        cache.remove(&[name(1)]);
        assert!(cache.unused().is_empty());
        drop(in_use);
        assert!(cache.unused().is_empty());
        drop(also);
        assert_eq!(cache.unused(), [1]);
        assert!(cache.unused().is_empty());
    }

    #[test]
    fn resident_objects_are_forgotten_but_not_given_back_to_be_destroyed() {
        let cache = HandleCache::new(1, Duration::from_secs(60));
        cache.insert(name(1), 1_u64, false);
        cache.insert(name(2), 2, true);
        assert_eq!(found(&cache, 1), None);
        cache.clear();
        assert_eq!(cache.unused(), [2]);
        assert_eq!(found(&cache, 2), None);
    }

    #[test]
    fn handles_end_with_their_lifetime() {
        let cache = HandleCache::new(8, Duration::ZERO);
        cache.insert(name(1), 1_u64, true);
        std::thread::yield_now();
        assert_eq!(found(&cache, 1), None);
        cache.remove_expired();
        assert_eq!(cache.unused(), [1]);
        cache.clear();
        assert!(cache.unused().is_empty());
    }

    #[test]
    fn the_name_holds_every_part_of_the_key_and_the_use() {
        let key = StoredKey {
            name: km_domain::KeyVersionRef::parse("key.1").unwrap(),
            algorithm: km_domain::KeyAlgorithm::Aes256,
            residence: Residence::Wrapped { root: vec![1], mechanism: "m".into(), blob: vec![2] },
            public: None,
        };
        let mut others = vec![handle_name(&key, Use::Cipher), handle_name(&key, Use::Wrap)];
        let mut with = |change: &dyn Fn(&mut StoredKey)| {
            let mut other = key.clone();
            change(&mut other);
            others.push(handle_name(&other, Use::Cipher));
        };
        with(&|key| key.name.version = 2);
        with(&|key| key.algorithm = km_domain::KeyAlgorithm::HmacSha256);
        with(&|key| key.residence = Residence::Resident { object: vec![1] });
        with(&|key| key.residence = Residence::Wrapped { root: vec![1], mechanism: "m".into(), blob: vec![3] });
        with(&|key| {
            key.residence = Residence::Wrapped { root: vec![1, b'm'], mechanism: String::new(), blob: vec![2] }
        });
        let count = others.len();
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), count);
    }
}
