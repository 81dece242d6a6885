//! A token, opened once and shared by all threads.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::slot::Slot;
use km_keystore::KeyStoreError;
use parking_lot::{Mutex, RwLock, RwLockReadGuard};

use crate::errors::unavailable;
use crate::live::Live;
use crate::pin::Pin;
use crate::raw::RawModule;
use crate::turns::Turns;

/// How long a recovery waits for calls to end. Short: while it waits, no new call begins.
const WAIT_FOR_CALLS: Duration = Duration::from_millis(250);

/// Which token, and how to open it.
#[derive(Debug, Clone)]
pub struct TokenConfig {
    /// The PKCS#11 module, a shared library.
    pub module: PathBuf,
    /// The token's label.
    pub label: String,
    /// The token's serial number, where two tokens have the same label.
    pub serial: Option<String>,
    /// File that holds the user PIN and nothing else.
    pub pin_file: PathBuf,
    /// How many sessions to open for calls: one for each thread that uses the token. One more is opened for itself. A token
    /// that gives fewer is used with those.
    pub sessions: usize,
    /// How many long series of calls ([`km_keystore::Wrap::in_turn`]) go on at a time.
    pub series: usize,
    /// How long a call waits for a session, for a key to be unwrapped, or for a recovery to end, before it is told that the
    /// token is not available.
    pub wait: Duration,
}

/// An open token: the key store that keeps keys in a PKCS#11 token, or wrapped under a key of the token.
#[derive(Clone)]
pub struct Token(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: TokenConfig,
    pkcs11: Pkcs11,
    pin: Pin,
    pub(crate) raw: RawModule,
    /// Held for reading by every call and for writing by a recovery: a handle of before a recovery can name another key
    /// after it, so none may be in use. Empty after a recovery that failed.
    live: RwLock<Option<Live>>,
    /// Session objects made since the module was last initialised: see `Token::probe`.
    pub(crate) objects_made: Arc<AtomicU64>,
    /// What the token could do when it was last open.
    could: AtomicU32,
    /// One writer of token objects at a time: making two at once has failed on a token that we support.
    pub(crate) writes: Mutex<()>,
    pub(crate) turns: Turns,
}

impl Token {
    /// Loads the module, finds the token by label (and serial number), logs in, opens the sessions and asks what the token
    /// can do.
    ///
    /// Errors: `Unavailable` with the reason: module, token or PIN file missing, PIN refused, two tokens to choose from.
    pub fn open(config: TokenConfig) -> Result<Self, KeyStoreError> {
        let module = config.module.display();
        let load = |error: Error| KeyStoreError::Unavailable(format!("module {module}: {error}"));
        let pkcs11 = Pkcs11::new(&config.module).map_err(load)?;
        let raw = RawModule::load(&config.module).map_err(load)?;
        initialize(&pkcs11)?;
        let (pin, could, objects_made) =
            (Pin::in_file(&config.pin_file), AtomicU32::new(0), Arc::new(AtomicU64::new(0)));
        let turns = Turns::new(config.series);
        let live = RwLock::new(Some(Live::open(&pkcs11, &raw, &config, &pin, objects_made.clone())?));
        Ok(Self(Arc::new(Inner { config, pkcs11, pin, raw, live, objects_made, could, writes: Mutex::new(()), turns })))
    }

    /// Starts anew on the same module: everything is closed, C_Finalize and C_Initialize are called, and the token is
    /// opened again. Other tokens that this process has open in the same module have to recover too.
    ///
    /// Errors: `Unavailable` if the token is still missing, or if a call in it does not end; try again later.
    pub fn recover(&self) -> Result<(), KeyStoreError> {
        let inner = &self.0;
        let Some(mut live) = inner.live.try_write_for(WAIT_FOR_CALLS) else {
            return Err(KeyStoreError::Unavailable("a call in the token does not end".into()));
        };
        if let Some(before) = live.take() {
            inner.could.store(before.capabilities.bits(), Ordering::Relaxed);
            // Sessions are closed before C_Finalize: their numbers are given out again after it.
            drop(before);
        }
        match inner.pkcs11.clone().finalize() {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiNotInitialized, _)) => {}
            Err(error) => return Err(unavailable(error)),
        }
        initialize(&inner.pkcs11)?;
        inner.objects_made.store(0, Ordering::Relaxed);
        let opened = Live::open(&inner.pkcs11, &inner.raw, &inner.config, &inner.pin, inner.objects_made.clone())?;
        // A trial may fail because the token is not well yet; believed, it would change where new keys are kept.
        if !opened.capabilities.include(inner.could.load(Ordering::Relaxed)) {
            return Err(KeyStoreError::Unavailable("the token can do less than before".into()));
        }
        *live = Some(opened);
        Ok(())
    }

    /// What is open now, for the length of one call.
    pub(crate) fn live(&self) -> Result<LiveGuard<'_>, KeyStoreError> {
        match self.0.live.try_read_for(self.0.config.wait) {
            Some(guard) if guard.is_some() => Ok(LiveGuard(guard)),
            Some(_) => Err(KeyStoreError::Unavailable("the token is being opened again".into())),
            None => Err(KeyStoreError::Unavailable("the token does not answer".into())),
        }
    }
}

/// A guard over a `Live` that is there.
pub(crate) struct LiveGuard<'a>(RwLockReadGuard<'a, Option<Live>>);

impl LiveGuard<'_> {
    pub(crate) fn get(&self) -> Result<&Live, KeyStoreError> {
        self.0.as_ref().ok_or_else(|| KeyStoreError::Unavailable("the token is being opened again".into()))
    }
}

fn initialize(pkcs11: &Pkcs11) -> Result<(), KeyStoreError> {
    match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        Err(error) => Err(unavailable(error)),
    }
}

impl TokenConfig {
    pub(crate) fn find_slot(&self, pkcs11: &Pkcs11) -> Result<Slot, KeyStoreError> {
        let mut found = None;
        for slot in pkcs11.get_slots_with_initialized_token().map_err(unavailable)? {
            let info = pkcs11.get_token_info(slot).map_err(unavailable)?;
            let serial_fits = self.serial.as_deref().is_none_or(|serial| info.serial_number() == serial);
            if info.label() == self.label && serial_fits && found.replace(slot).is_some() {
                let text = format!("two tokens have the label {}: give the serial number", self.label);
                return Err(KeyStoreError::Unavailable(text));
            }
        }
        found.ok_or_else(|| KeyStoreError::Unavailable(format!("no token has the label {}", self.label)))
    }
}
