//! `init`: the installation's keys, a tenant with its keys, and the public files that others pin.

use km_operations::keys::{self, names};
use km_service::state::{create_private_dir, write_atomically};

use crate::{
    config::Config,
    pem,
    startup::{self, StartError},
};

/// Makes what is missing; running it again changes nothing. Prints what it made.
pub fn run(config: &Config, tenant: Option<&str>) -> Result<(), StartError> {
    create_private_dir(&config.state_dir)?;
    super::migrate::run(config)?;
    let parts = startup::open(config)?;
    keys::check_token(&parts.operations)?;
    let mut made = keys::initialise(&parts.operations, &parts.committer)?;
    if let Some(tenant) = tenant {
        let tenant = tenant.parse().map_err(|error: km_domain::IdError| StartError(error.to_string()))?;
        made.extend(keys::initialise_tenant(&parts.operations, &parts.committer, &tenant)?);
    }
    km_operations::log::checkpoint(&parts.operations, &parts.committer)?;
    let public = [
        ("ca.pem", names::SERVICE_ROOT),
        ("evidence-root.pem", names::EVIDENCE_ROOT),
        ("business-root.pem", names::BUSINESS_ROOT),
    ];
    for (file, key) in public {
        let root = pem::certificate(&keys::root_certificate(&parts.operations, key)?);
        write_atomically(&config.state_dir.join(file), root.as_bytes(), 0o644)?;
    }
    let (_, chain) = km_operations::log::signer(&parts.operations)?;
    if let Some(leaf) = chain.first() {
        let text = pem::certificate(leaf);
        write_atomically(&config.state_dir.join("checkpoint.pem"), text.as_bytes(), 0o644)?;
    }
    if made.is_empty() {
        println!("nothing was missing");
    }
    made.iter().for_each(|name| println!("made {name}"));
    Ok(())
}
