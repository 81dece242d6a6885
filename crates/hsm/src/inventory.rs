//! What the token is, whether it can be used, and what lies in it.

use std::sync::atomic::Ordering;

use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use km_keystore::{Inventory, KeyStoreError, StoreDescription};

use crate::errors::unavailable;
use crate::token::Token;

/// A token may keep memory for each session object that was ever made (measured on one: 200 bytes, given back by
/// C_Finalize only), and every unwrapped data key is one. After this many the module is initialised again.
const OBJECTS_BEFORE_RENEWAL: u64 = 250_000;

/// An object of the token, as the inventory shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenObject {
    /// CKA_ID; empty if it has none.
    pub id: Vec<u8>,
    pub label: String,
    /// `secret-key`, `private-key`, `public-key`, `certificate`, `data` or `other`.
    pub class: &'static str,
}

impl Inventory for Token {
    /// Uses a known key, and asks whether the token is still there. A failed probe drops all handles and stops all use
    /// until a probe succeeds. Meant to be called every second.
    fn probe(&self) -> Result<(), KeyStoreError> {
        self.live()?.get()?.probe()?;
        let worn = self.0.objects_made.load(Ordering::Relaxed) > OBJECTS_BEFORE_RENEWAL;
        // A renewal that finds a long call in the token is put off until the next probe; one that fails is an outage.
        if worn && Token::recover(self).is_err() {
            return self.live().and_then(|guard| guard.get().map(|_| ()));
        }
        Ok(())
    }

    fn recover(&self) -> Result<(), KeyStoreError> {
        Token::recover(self)
    }

    fn describe(&self) -> StoreDescription {
        let Ok(guard) = self.live() else { return StoreDescription::default() };
        let Ok(live) = guard.get() else { return StoreDescription::default() };
        let (can, lacks) = live.capabilities.by_name();
        let (model, serial, label) = (live.model.clone(), live.serial.clone(), live.label.clone());
        StoreDescription { model, serial, label, can, lacks }
    }
}

impl Token {
    /// All objects of the token. Reads every one: for the inventory, not for finding a key.
    pub fn contents(&self) -> Result<Vec<TokenObject>, KeyStoreError> {
        let guard = self.live()?;
        let lease = guard.get()?.sessions.take()?;
        let session = lease.session()?;
        let objects = session.find_objects(&[Attribute::Token(true)]).map_err(unavailable)?;
        objects
            .into_iter()
            .map(|object| {
                let wanted = [AttributeType::Class, AttributeType::Id, AttributeType::Label];
                let attributes = session.get_attributes(object, &wanted).map_err(unavailable)?;
                Ok(described(&attributes))
            })
            .collect()
    }

    /// A session object is about to be made.
    pub(crate) fn made_object(&self) {
        self.0.objects_made.fetch_add(1, Ordering::Relaxed);
    }
}

fn described(attributes: &[Attribute]) -> TokenObject {
    let mut object = TokenObject { id: Vec::new(), label: String::new(), class: "other" };
    for attribute in attributes {
        match attribute {
            Attribute::Id(id) => object.id.clone_from(id),
            Attribute::Label(label) => object.label = String::from_utf8_lossy(label).into_owned(),
            Attribute::Class(class) => object.class = class_name(*class),
            _ => {}
        }
    }
    object
}

fn class_name(class: ObjectClass) -> &'static str {
    match class {
        ObjectClass::SECRET_KEY => "secret-key",
        ObjectClass::PRIVATE_KEY => "private-key",
        ObjectClass::PUBLIC_KEY => "public-key",
        ObjectClass::CERTIFICATE => "certificate",
        ObjectClass::DATA => "data",
        _ => "other",
    }
}
