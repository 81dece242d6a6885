//! `check-config`: reads the configuration and what it names, and says all that is wrong. Opens nothing.

use serde_json::json;

use super::Done;
use crate::{config::Config, operations::definitions::Definitions, startup::StartError};

/// # Errors
/// Files that the configuration names and that cannot be read; its own faults were found before.
pub fn run(config: &Config) -> Result<Done, StartError> {
    let mut faults = Vec::new();
    let registers = match Definitions::load(&config.registers) {
        Ok(definitions) => definitions.iter().map(|definition| definition.rules.register.to_string()).collect(),
        Err(error) => {
            faults.push(format!("registers: {error}"));
            Vec::new()
        }
    };
    for (name, path) in [
        ("key_manager.service_root", Some(&config.key_manager.service_root)),
        ("key_manager.evidence_root", Some(&config.key_manager.evidence_root)),
        ("issuer_roots", config.issuer_roots.as_ref()),
        ("database.password_file", config.database.password_file.as_ref()),
    ] {
        if let Some(path) = path
            && let Err(error) = std::fs::read(path)
        {
            faults.push(format!("{name}: {}: {error}", path.display()));
        }
    }
    if !faults.is_empty() {
        return Err(StartError::refused(faults.join("\n")));
    }
    Ok(Done {
        sentence: "the configuration is good".to_owned(),
        facts: json!({ "good": true, "registers": registers }),
    })
}
