//! Keys of other programs, taken in: unwrapped in the token, with an AES key that the token itself unwrapped.

use cryptoki::error::Result;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use km_crypto::transport::{Form, Padding, Sealed, Sealing};
use km_domain::KeyAlgorithm;
use km_keystore::{KeyStoreError, Residence, StoredKey};

use crate::capabilities::{oaep_sha1, oaep_sha256};
use crate::capability::Capability;
use crate::handles::Use;
use crate::live::Target;
use crate::run::Blame;
use crate::templates::{Lodging, carrier, incoming};
use crate::token::Token;
use crate::wrapping::{Passing, Wrapping};

impl Token {
    pub(crate) fn take_in(
        &self,
        algorithm: KeyAlgorithm,
        transport: &StoredKey,
        sealed: &Sealed,
        root: &[u8],
    ) -> std::result::Result<Residence, KeyStoreError> {
        self.require(Capability::to_make(algorithm, false))?;
        let (form, wrapping) = {
            let guard = self.live()?;
            let capabilities = &guard.get()?.capabilities;
            (capabilities.transport_form(), capabilities.wrapping(algorithm))
        };
        self.made_object();
        let transport = Target::Key(transport, Use::Unwrap);
        let Some(wrapping) = wrapping else {
            let object = self.new_identifier()?;
            let template = incoming(algorithm, &Lodging::Token { id: &object, label: algorithm.name() });
            let _alone = self.alone()?;
            self.run(transport, Blame::Input, |session, transport| {
                unwrap(session, transport, form, sealed, &template).map(drop)
            })?;
            return Ok(Residence::Resident { object });
        };
        let template = incoming(algorithm, &Lodging::Passing);
        let blob = self.run((transport, Target::Root(root)), Blame::Input, |session, (transport, root)| {
            let key = Passing::new(session, unwrap(session, transport, form, sealed, &template)?);
            wrapping.wrap(session, root, key.handle)
        })?;
        Ok(Residence::Wrapped { root: root.to_vec(), mechanism: wrapping.name().to_owned(), blob })
    }
}

fn unwrap(
    session: &Session,
    transport: ObjectHandle,
    form: Form,
    sealed: &Sealed,
    template: &[cryptoki::object::Attribute],
) -> Result<ObjectHandle> {
    let padding = match form.padding {
        Padding::OaepSha1 => oaep_sha1(),
        Padding::OaepSha256 => oaep_sha256(),
    };
    let carrier = Passing::new(session, session.unwrap_key(&padding, transport, &sealed.carrier, &carrier())?);
    let sealing = match form.sealing {
        Sealing::KeyWrapPad => Wrapping::KeyWrapPad,
        Sealing::Gcm => Wrapping::Gcm,
    };
    sealing.unwrap(session, carrier.handle, &sealed.key, template)
}
