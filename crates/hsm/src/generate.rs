//! Keys made and destroyed.

use cryptoki::error::Error;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use km_crypto::PublicKey;
use km_crypto::transport::{Form, Sealed};
use km_domain::{KeyAlgorithm, SecretBytes};
use km_keystore::{Generate, Generated, KeyStoreError, Placement, Residence, StoredKey};
use parking_lot::MutexGuard;

use crate::capability::Capability;
use crate::handles::Use;
use crate::live::{Target, class_of};
use crate::raw::RootTemplate;
use crate::run::Blame;
use crate::templates::{Lodging, Recipe, recipe};
use crate::token::Token;
use crate::wrapping::{Passing, Wrapping};

impl Generate for Token {
    fn generate(&self, algorithm: KeyAlgorithm, placement: &Placement) -> Result<Generated, KeyStoreError> {
        let wraps = matches!(placement, Placement::Root | Placement::Wrapped { wraps: true, .. });
        self.require(Capability::to_make(algorithm, wraps))?;
        match placement {
            Placement::Root if algorithm == KeyAlgorithm::Aes256 => self.root(),
            Placement::Root => Err(KeyStoreError::Unsupported(format!("a root of kind {algorithm}"))),
            Placement::Resident { label } => self.resident(algorithm, label),
            Placement::Wrapped { wraps: true, .. } if algorithm != KeyAlgorithm::Aes256 => {
                Err(KeyStoreError::Unsupported(format!("wrapping with a key of kind {algorithm}")))
            }
            Placement::Wrapped { root, wraps } => {
                let wrapping = self.live()?.get()?.capabilities.wrapping(algorithm);
                match wrapping {
                    Some(wrapping) => self.wrapped(algorithm, root, *wraps, wrapping),
                    None => self.resident(algorithm, algorithm.name()),
                }
            }
        }
    }

    fn transport_form(&self) -> Result<Form, KeyStoreError> {
        Ok(self.live()?.get()?.capabilities.transport_form())
    }

    fn import(
        &self,
        algorithm: KeyAlgorithm,
        transport: &StoredKey,
        sealed: &Sealed,
        root: &[u8],
    ) -> Result<Residence, KeyStoreError> {
        self.take_in(algorithm, transport, sealed, root)
    }

    fn destroy(&self, key: &StoredKey) -> Result<(), KeyStoreError> {
        {
            let guard = self.live()?;
            let live = guard.get()?;
            live.forget(&Use::ALL.map(|usage| Target::Key(key, usage)))?;
            if let Residence::Resident { object } = &key.residence {
                live.forget(&[Target::Root(object)])?;
            }
        }
        let Residence::Resident { object } = &key.residence else { return Ok(()) };
        let _alone = self.alone()?;
        let guard = self.live()?;
        let live = guard.get()?;
        let lease = live.sessions.take()?;
        let session = lease.session()?;
        let handle = live.find_one(session, class_of(key), object)?;
        session.destroy_object(handle).map_err(|error| live.failed(&error))
    }

    fn random(&self, length: usize) -> Result<SecretBytes, KeyStoreError> {
        self.run((), Blame::Token, |session, ()| {
            let mut bytes = zeroize::Zeroizing::new(vec![0_u8; length]);
            session.generate_random_slice(&mut bytes)?;
            Ok(SecretBytes::from(bytes))
        })
    }
}

impl Token {
    /// Asked before a call begins, so that what the token lacks is answered by its name and not found in the middle.
    ///
    /// Errors: `Unsupported`, or `Unavailable` when the token is not open.
    pub(crate) fn require(&self, capability: Capability) -> Result<(), KeyStoreError> {
        self.live()?.get()?.capabilities.require(capability)
    }

    fn root(&self) -> Result<Generated, KeyStoreError> {
        let unwrap_template = self.live()?.get()?.capabilities.unwrap_template;
        let object = self.new_identifier()?;
        let template = RootTemplate { token: true, id: &object, label: "root wrapping key", unwrap_template };
        let _alone = self.alone()?;
        self.twice(|session| self.0.raw.generate_root(session, &template))?;
        Ok(Generated { residence: Residence::Resident { object }, public: None })
    }

    fn resident(&self, algorithm: KeyAlgorithm, label: &str) -> Result<Generated, KeyStoreError> {
        let object = self.new_identifier()?;
        let recipe = recipe(algorithm, false, &Lodging::Token { id: &object, label });
        let _alone = self.alone()?;
        let public = self.twice(|session| Ok(make(session, &recipe, algorithm)?.1))?;
        Ok(Generated { residence: Residence::Resident { object }, public })
    }

    fn wrapped(
        &self,
        algorithm: KeyAlgorithm,
        root: &[u8],
        wraps: bool,
        wrapping: Wrapping,
    ) -> Result<Generated, KeyStoreError> {
        self.made_object();
        let recipe = recipe(algorithm, wraps, &Lodging::Passing);
        let (blob, public) = self.run(Target::Root(root), Blame::Token, |session, root| {
            let (key, public) = make(session, &recipe, algorithm)?;
            let key = Passing::new(session, key);
            Ok((wrapping.wrap(session, root, key.handle)?, public))
        })?;
        let residence = Residence::Wrapped { root: root.to_vec(), mechanism: wrapping.name().to_owned(), blob };
        Ok(Generated { residence, public })
    }

    /// CKA_ID of a new token object: 16 random bytes.
    pub(crate) fn new_identifier(&self) -> Result<Vec<u8>, KeyStoreError> {
        Ok(self.random(16)?.expose().to_vec())
    }

    pub(crate) fn alone(&self) -> Result<MutexGuard<'_, ()>, KeyStoreError> {
        let busy = || KeyStoreError::Unavailable("another key is being made".into());
        self.0.writes.try_lock_for(self.0.config.wait).ok_or_else(busy)
    }

    /// Making token objects has failed now and then with a general error on a token that we support, and not again when
    /// tried again.
    fn twice<T>(&self, make: impl Fn(&Session) -> Result<T, Error>) -> Result<T, KeyStoreError> {
        let first = self.run((), Blame::Token, |session, ()| make(session));
        match first {
            Err(KeyStoreError::Unavailable(_)) => self.run((), Blame::Token, |session, ()| make(session)),
            done => done,
        }
    }
}

/// Generates, and returns the secret or private object and the public key; the public object is destroyed.
fn make(
    session: &Session,
    recipe: &Recipe,
    algorithm: KeyAlgorithm,
) -> Result<(ObjectHandle, Option<PublicKey>), Error> {
    match recipe {
        Recipe::Secret(mechanism, template) => Ok((session.generate_key(mechanism, template)?, None)),
        Recipe::Pair { mechanism, public, private } => {
            let (public, private) = session.generate_key_pair(mechanism, public, private)?;
            let public = Passing::new(session, public);
            match crate::public::read(session, public.handle, algorithm) {
                Ok(read) => Ok((private, read)),
                Err(error) => {
                    let _ = session.destroy_object(private);
                    Err(error)
                }
            }
        }
    }
}
