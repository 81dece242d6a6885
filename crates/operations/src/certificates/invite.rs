//! A one-time token with which a service or a person's workstation gets its first certificate.

use std::time::Duration;

use km_audit::EventKind;
use km_domain::{SecretText, ServiceIdentity, Timestamp};
use km_formats::base64url;
use km_storage::{InvitationRow, Unrecorded, Write};

use crate::{Operation, Operations, caller::system_event};

/// How long a token is good.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A token, to be handed over once and kept nowhere.
pub struct Invitation {
    pub token: SecretText,
    pub identity: ServiceIdentity,
    pub expires: Timestamp,
}

/// Makes a token for this identity. Called from the command line of the key manager's own machine.
pub fn invite(operations: &Operations, identity: &ServiceIdentity) -> Operation<Invitation> {
    let event_for = |kind| {
        let mut event = system_event(operations, kind, "invite");
        event.tenant = Some(identity.tenant.clone());
        event.object = Some(identity.uri());
        event
    };
    let random = match operations.keys.random(32) {
        Ok(random) => random,
        Err(error) => {
            let error = error.into();
            let event = crate::caller::refused(event_for(EventKind::ServiceInvited), &error);
            return Unrecorded::new(Err(error), event);
        }
    };
    let token = SecretText::new(base64url::encode(random.expose()));
    let expires = operations.clock.now().plus(LIFETIME);
    let row = InvitationRow {
        token_digest: km_crypto::digest::sha256(token.expose().as_bytes()).to_vec(),
        identity: identity.uri(),
        expires: expires.micros(),
    };
    let invitation = Invitation { token, identity: identity.clone(), expires };
    Unrecorded::new(Ok(invitation), event_for(EventKind::ServiceInvited)).with(Write::insert_invitation(row))
}
