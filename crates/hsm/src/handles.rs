//! Handles of keys that were used lately. Bounded in entries and in time; the session objects behind handles that leave
//! are given back to be destroyed.

use std::collections::{HashMap, VecDeque};
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
}

impl Use {
    pub(crate) const ALL: [Use; 6] = [Self::Sign, Self::Decrypt, Self::Agree, Self::Mac, Self::Cipher, Self::Wrap];
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
}

struct Entry<H> {
    handle: H,
    /// A session object of ours, to be destroyed when it leaves; a resident key's object is not.
    ours: bool,
    made: Instant,
    used: bool,
}

impl<H: Copy + PartialEq> HandleCache<H> {
    pub(crate) fn new(capacity: usize, lifetime: Duration) -> Self {
        Self { capacity: capacity.max(1), lifetime, state: Mutex::new(State::empty()) }
    }

    pub(crate) fn find(&self, name: &HandleName) -> Option<H> {
        let mut state = self.state.lock();
        let entry = state.entries.get_mut(name)?;
        if entry.made.elapsed() > self.lifetime {
            return None;
        }
        entry.used = true;
        Some(entry.handle)
    }

    /// Keeps a handle; returns session objects that had to leave for it.
    pub(crate) fn insert(&self, name: HandleName, handle: H, ours: bool) -> Vec<H> {
        let mut state = self.state.lock();
        let mut leaving = Vec::new();
        let entry = Entry { handle, ours, made: Instant::now(), used: false };
        match state.entries.insert(name, entry) {
            Some(old) if old.ours && old.handle != handle => leaving.push(old.handle),
            Some(_) => {}
            None => state.queue.push_back(name),
        }
        while state.entries.len() > self.capacity {
            leaving.extend(state.evict_one());
        }
        leaving
    }

    /// Forgets these; returns the session objects behind them.
    pub(crate) fn remove(&self, names: &[HandleName]) -> Vec<H> {
        let mut state = self.state.lock();
        let State { entries, queue } = &mut *state;
        queue.retain(|name| !names.contains(name));
        let leaving = names.iter().filter_map(|name| entries.remove(name));
        leaving.filter(|entry| entry.ours).map(|entry| entry.handle).collect()
    }

    /// Forgets what is older than its lifetime; returns the session objects behind it.
    pub(crate) fn remove_expired(&self) -> Vec<H> {
        let mut state = self.state.lock();
        let mut leaving = Vec::new();
        state.entries.retain(|_, entry| {
            let keep = entry.made.elapsed() <= self.lifetime;
            if !keep && entry.ours {
                leaving.push(entry.handle);
            }
            keep
        });
        let State { entries, queue } = &mut *state;
        queue.retain(|name| entries.contains_key(name));
        leaving
    }

    /// Forgets everything; returns the session objects behind it.
    pub(crate) fn clear(&self) -> Vec<H> {
        let state = std::mem::replace(&mut *self.state.lock(), State::empty());
        state.entries.into_values().filter(|entry| entry.ours).map(|entry| entry.handle).collect()
    }
}

impl<H: Copy> State<H> {
    fn empty() -> Self {
        Self { entries: HashMap::new(), queue: VecDeque::new() }
    }

    fn evict_one(&mut self) -> Option<H> {
        while let Some(name) = self.queue.pop_front() {
            match self.entries.get_mut(&name) {
                Some(entry) if entry.used => {
                    entry.used = false;
                    self.queue.push_back(name);
                }
                Some(_) => return self.entries.remove(&name).filter(|entry| entry.ours).map(|entry| entry.handle),
                None => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u8) -> HandleName {
        [number; 32]
    }

    #[test]
    fn what_was_used_stays_and_what_was_not_leaves() {
        let cache = HandleCache::new(2, Duration::from_secs(60));
        assert!(cache.insert(name(1), 1_u64, true).is_empty());
        assert!(cache.insert(name(2), 2, true).is_empty());
        assert_eq!(cache.find(&name(1)), Some(1));
        assert_eq!(cache.insert(name(3), 3, true), [2]);
        assert_eq!((cache.find(&name(1)), cache.find(&name(2)), cache.find(&name(3))), (Some(1), None, Some(3)));
    }

    #[test]
    fn resident_objects_are_forgotten_but_not_given_back_to_be_destroyed() {
        let cache = HandleCache::new(1, Duration::from_secs(60));
        cache.insert(name(1), 1_u64, false);
        assert!(cache.insert(name(2), 2, true).is_empty());
        assert_eq!(cache.find(&name(1)), None);
        assert_eq!(cache.clear(), [2]);
        assert_eq!(cache.find(&name(2)), None);
    }

    #[test]
    fn handles_end_with_their_lifetime() {
        let cache = HandleCache::new(8, Duration::ZERO);
        cache.insert(name(1), 1_u64, true);
        std::thread::yield_now();
        assert_eq!(cache.find(&name(1)), None);
        assert_eq!(cache.remove_expired(), [1]);
        assert!(cache.clear().is_empty());
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
