//! Everything that lasts until the module is initialised again: slot, login, sessions, handles, capabilities.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use cryptoki::context::Pkcs11;
use cryptoki::error::Error;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use km_keystore::{KeyStoreError, Residence, StoredKey};
use parking_lot::{Mutex, MutexGuard};

use crate::capabilities::Capabilities;
use crate::errors::{Fault, fault, short, unavailable};
use crate::handles::{HandleCache, HandleName, Use, handle_name};
use crate::known::Known;
use crate::pin::Pin;
use crate::raw::RawModule;
use crate::session_pool::{Lease, SessionPool};
use crate::templates::unwrapped;
use crate::token::TokenConfig;
use crate::wrapping::Wrapping;

const CACHED_HANDLES: usize = 4096;
const HANDLE_LIFETIME: Duration = Duration::from_secs(600);
/// How often and after what time a token that seems to be away is looked for again.
const LOOKS_AGAIN: u32 = 3;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(25);

pub(crate) struct Live {
    pkcs11: Pkcs11,
    slot: Slot,
    pub(crate) serial: String,
    pub(crate) label: String,
    pub(crate) model: String,
    pub(crate) sessions: SessionPool,
    pub(crate) capabilities: Capabilities,
    /// Owns the session objects behind cached handles (a session object dies with the session that made it) and, being
    /// open for ever, keeps the login.
    keeper: Mutex<Session>,
    handles: HandleCache<ObjectHandle>,
    /// Roots are few and always needed: found once.
    roots: Mutex<HashMap<Vec<u8>, ObjectHandle>>,
    known: Known,
    /// The last probe failed: nothing is used until one succeeds.
    down: AtomicBool,
    /// Token, login or sessions are gone: nothing of this is ever used again.
    lost: AtomicBool,
    objects_made: Arc<AtomicU64>,
    wait: Duration,
}

/// A key that a call needs.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Key(&'a StoredKey, Use),
    /// A root, by its CKA_ID.
    Root(&'a [u8]),
}

impl Live {
    /// Finds the token, logs in, opens the sessions and asks for the capabilities.
    pub(crate) fn open(
        pkcs11: &Pkcs11,
        raw: &RawModule,
        config: &TokenConfig,
        pin: &Pin,
        objects_made: Arc<AtomicU64>,
    ) -> Result<Self, KeyStoreError> {
        let slot = config.find_slot(pkcs11)?;
        let info = pkcs11.get_token_info(slot).map_err(unavailable)?;
        let keeper = pkcs11.open_rw_session(slot).map_err(unavailable)?;
        pin.log_in(&keeper)?;
        let capabilities = Capabilities::ask(pkcs11, slot, &keeper, raw)?;
        let known = Known::make(&keeper, &capabilities).map_err(unavailable)?;
        let sessions = SessionPool::open(pkcs11, slot, config.sessions, config.wait).map_err(unavailable)?;
        Ok(Self {
            pkcs11: pkcs11.clone(),
            slot,
            serial: info.serial_number().to_owned(),
            label: info.label().to_owned(),
            model: format!("{} {} {}", info.manufacturer_id(), info.model(), info.firmware_version()),
            sessions,
            capabilities,
            keeper: Mutex::new(keeper),
            handles: HandleCache::new(CACHED_HANDLES, HANDLE_LIFETIME),
            roots: Mutex::default(),
            known,
            down: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            objects_made,
            wait: config.wait,
        })
    }

    /// The handle of a key: from the cache, or found or unwrapped now.
    pub(crate) fn handle(&self, target: Target<'_>, raw: &RawModule) -> Result<Arc<ObjectHandle>, KeyStoreError> {
        let (key, usage) = match target {
            Target::Root(id) => return self.root(&*self.keeper()?, id).map(Arc::new),
            Target::Key(key, usage) => (key, usage),
        };
        let name = handle_name(key, usage);
        if let Some(handle) = self.handles.find(&name) {
            return Ok(handle);
        }
        let keeper = self.keeper()?;
        // Another thread may have done it while this one waited.
        if let Some(handle) = self.handles.find(&name) {
            return Ok(handle);
        }
        self.handles.remove_expired();
        let (handle, ours) = match &key.residence {
            Residence::Resident { object } => (self.find_one(&keeper, class_of(key), object)?, false),
            Residence::Wrapped { root, mechanism, blob } => {
                (self.unwrap(&keeper, key, usage, (root, mechanism, blob))?, true)
            }
        };
        match crate::identity::is_same(&keeper, raw, key, usage, handle) {
            Ok(true) => {
                let handle = self.handles.insert(name, handle, ours);
                self.sweep(&keeper);
                Ok(handle)
            }
            outcome => {
                if ours {
                    let _ = keeper.destroy_object(handle);
                }
                Err(match outcome {
                    Err(error) => self.failed(&error),
                    Ok(_) => KeyStoreError::Unavailable(format!("the object found for {} is another key", key.name)),
                })
            }
        }
    }

    /// Forgets what is cached for these targets.
    pub(crate) fn forget(&self, targets: &[Target<'_>]) -> Result<(), KeyStoreError> {
        let mut names: Vec<HandleName> = Vec::with_capacity(targets.len());
        for target in targets {
            match target {
                Target::Key(key, usage) => names.push(handle_name(key, *usage)),
                Target::Root(id) => {
                    self.roots.lock().remove(*id);
                }
            }
        }
        self.handles.remove(&names);
        self.sweep(&*self.keeper()?);
        Ok(())
    }

    /// Forgets every handle, and destroys what can still be destroyed.
    fn forget_all(&self) {
        self.roots.lock().clear();
        self.handles.clear();
        if let Some(keeper) = self.keeper.try_lock() {
            self.sweep(&keeper);
        }
    }

    /// Gives all the token's room for session objects back but what calls use now.
    pub(crate) fn make_room(&self) -> Result<(), KeyStoreError> {
        self.handles.clear();
        self.sweep(&*self.keeper()?);
        Ok(())
    }

    /// Destroys the session objects that nobody needs any more.
    fn sweep(&self, keeper: &Session) {
        for object in self.handles.unused() {
            // It may be gone already; then that is what was wanted.
            let _ = keeper.destroy_object(object);
        }
    }

    /// What the caller is told of an error that is nobody's input. One that says that the token was away ends the use of
    /// everything that was opened before.
    pub(crate) fn failed(&self, error: &Error) -> KeyStoreError {
        if matches!(fault(error), Fault::Lost(_)) {
            self.lost.store(true, Ordering::Relaxed);
        }
        KeyStoreError::Unavailable(short(error))
    }

    /// Closes a session that is of no more use and opens another, unless the token has changed meanwhile: an old handle can
    /// name another key then, and only old sessions protect from using it.
    pub(crate) fn replace(&self, lease: Lease<'_>) -> Result<(), KeyStoreError> {
        lease.discard();
        self.refill()
    }

    fn refill(&self) -> Result<(), KeyStoreError> {
        if self.sessions.refill(|session| self.answers(session)).map_err(|error| self.failed(&error))? {
            return Ok(());
        }
        self.lost.store(true, Ordering::Relaxed);
        Err(changed())
    }

    /// Asks the known keys after an error that does not say whose fault it was; the session may have been left in the
    /// middle of something, so another one decides.
    pub(crate) fn is_well(&self, lease: Lease<'_>) -> bool {
        if lease.session().is_ok_and(|session| self.answers(session)) {
            return true;
        }
        let well = self.replace(lease).is_ok();
        if !well {
            self.down.store(true, Ordering::Relaxed);
        }
        well
    }

    /// Uses the known keys on this session. False: the token does not answer as it did.
    pub(crate) fn answers(&self, session: &Session) -> bool {
        self.objects_made.fetch_add(1, Ordering::Relaxed);
        self.known.answer(session)
    }

    /// Whether the token itself is still there: keys that are in memory go on working without it.
    fn is_present(&self) -> Result<(), KeyStoreError> {
        let info = self.pkcs11.get_token_info(self.slot).map_err(unavailable)?;
        if info.serial_number() != self.serial || info.label() != self.label {
            return Err(KeyStoreError::Unavailable("another token is in the slot".into()));
        }
        Ok(())
    }

    /// As [`Live::is_present`], asked again a moment later before anything is concluded: a token in files is rewritten by
    /// every login of another process, and who reads it at that moment finds none.
    fn is_present_after_all(&self) -> Result<(), KeyStoreError> {
        for _ in 0..LOOKS_AGAIN {
            if self.is_present().is_ok() {
                return Ok(());
            }
            // Nobody unparks this thread; the jobs' lane, which probes, can spare the time.
            thread::park_timeout(LOOK_AGAIN_AFTER);
        }
        self.is_present()
    }

    /// Whether keys may be used now: asks the token, and lets nothing use it from a failure to the next success.
    pub(crate) fn probe(&self) -> Result<(), KeyStoreError> {
        let result = self.is_present_after_all().and_then(|()| {
            if self.lost.load(Ordering::Relaxed) {
                return Err(changed());
            }
            self.refill()?;
            let lease = self.sessions.take()?;
            if self.answers(lease.session()?) {
                return Ok(());
            }
            lease.discard();
            Err(changed())
        });
        self.down.store(result.is_err(), Ordering::Relaxed);
        match (&result, self.keeper.try_lock()) {
            (Err(_), keeper) => {
                drop(keeper);
                self.forget_all();
            }
            (Ok(()), Some(keeper)) => self.sweep(&keeper),
            (Ok(()), None) => {}
        }
        result
    }

    pub(crate) fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed) || self.lost.load(Ordering::Relaxed)
    }

    fn keeper(&self) -> Result<MutexGuard<'_, Session>, KeyStoreError> {
        let held = self.keeper.try_lock_for(self.wait);
        held.ok_or_else(|| KeyStoreError::Unavailable("the token does not answer".into()))
    }

    fn unwrap(
        &self,
        keeper: &Session,
        key: &StoredKey,
        usage: Use,
        (root, mechanism, blob): (&[u8], &str, &[u8]),
    ) -> Result<ObjectHandle, KeyStoreError> {
        let wrapping = Wrapping::from_name(mechanism)
            .ok_or_else(|| KeyStoreError::Unsupported(format!("the wrapping of {}", key.name)))?;
        let template = unwrapped(key.algorithm, usage);
        let mut again = true;
        loop {
            let handle = self.root(keeper, root)?;
            self.objects_made.fetch_add(1, Ordering::Relaxed);
            let error = match wrapping.unwrap(keeper, handle, blob, &template) {
                Ok(handle) => return Ok(handle),
                Err(error) => error,
            };
            return match fault(&error) {
                Fault::StaleHandle if again => {
                    self.roots.lock().remove(root);
                    again = false;
                    continue;
                }
                Fault::Room(_) if again => {
                    self.handles.clear();
                    self.sweep(keeper);
                    again = false;
                    continue;
                }
                Fault::Input => Err(KeyStoreError::Refused),
                Fault::Unclear(_) if self.answers(keeper) => Err(KeyStoreError::Refused),
                Fault::Unsupported(text) => Err(KeyStoreError::Unsupported(text)),
                _ => Err(self.failed(&error)),
            };
        }
    }

    fn root(&self, keeper: &Session, id: &[u8]) -> Result<ObjectHandle, KeyStoreError> {
        if let Some(handle) = self.roots.lock().get(id) {
            return Ok(*handle);
        }
        let handle = self.find_one(keeper, ObjectClass::SECRET_KEY, id)?;
        self.roots.lock().insert(id.to_vec(), handle);
        Ok(handle)
    }

    /// The one token object of this class and CKA_ID. A search reads every object of the token: never on a hot path.
    pub(crate) fn find_one(
        &self,
        session: &Session,
        class: ObjectClass,
        id: &[u8],
    ) -> Result<ObjectHandle, KeyStoreError> {
        let template = [Attribute::Token(true), Attribute::Class(class), Attribute::Id(id.to_vec())];
        match session.find_objects(&template).map_err(|error| self.failed(&error))?.as_slice() {
            [] => Err(KeyStoreError::NotFound),
            [object] => Ok(*object),
            _ => Err(KeyStoreError::Unavailable("two objects of the token have one identifier".into())),
        }
    }
}

fn changed() -> KeyStoreError {
    KeyStoreError::Unavailable("the token does not answer as it did".into())
}

/// What a resident key's object is.
pub(crate) fn class_of(key: &StoredKey) -> ObjectClass {
    if key.algorithm.is_symmetric() { ObjectClass::SECRET_KEY } else { ObjectClass::PRIVATE_KEY }
}
