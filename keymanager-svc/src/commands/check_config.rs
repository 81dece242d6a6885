//! `check-config`: says whether the service would start with this configuration. The file itself was read already.

use km_service::config::load;

use crate::{
    config::{Bootstrap, Config},
    startup::StartError,
};

/// Reads the dialect's bootstrap file too, where the configuration names one.
///
/// # Errors
/// Every fault of that file.
pub fn run(config: &Config) -> Result<(), StartError> {
    if let Some(path) = config.mosip.as_ref().and_then(|section| section.bootstrap.as_ref()) {
        load::<Bootstrap>(path)?;
    }
    println!("the configuration is good");
    Ok(())
}
