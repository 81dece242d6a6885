//! `invite`: a one-time token for a first certificate.

use std::path::Path;

use km_domain::{ServiceIdentity, ServiceKind};
use km_service::state::write_atomically;

use crate::{
    config::Config,
    startup::{self, StartError},
};

/// Writes the token to a file of mode 0600.
pub fn run(config: &Config, tenant: &str, kind: &str, name: &str, out: &Path) -> Result<(), StartError> {
    let uri = format!("spiffe://sealkeep/{tenant}/{kind}/{name}");
    let identity = ServiceIdentity::from_uri(&uri).filter(|identity| identity.kind != ServiceKind::KeyManager);
    let identity = identity.ok_or_else(|| {
        StartError("tenant, kind (registry, officer, client, issuer) and name must be plain names".into())
    })?;
    let parts = startup::open(config)?;
    let unrecorded = km_operations::certificates::invite(&parts.operations, &identity);
    let invitation = parts.committer.record(unrecorded)?.outcome?;
    write_atomically(out, invitation.token.expose().as_bytes(), 0o600)?;
    println!("{} invites {} once, until {}", out.display(), identity.uri(), invitation.expires);
    Ok(())
}
