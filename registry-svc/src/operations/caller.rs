//! Who asks.

use std::sync::Arc;

use km_domain::Principal;

use crate::keymanager::Behalf;

/// A verified caller, with what goes along to the key manager.
pub struct Caller {
    pub principal: Arc<Principal>,
    pub behalf: Behalf,
}
