//! The register definitions that this registry serves: files, read once at start.

use std::{collections::BTreeMap, fs, path::Path};

use km_audit::{EventKind, digest::hex_sha256};
use km_domain::{RegisterName, register::RegisterDefinition};

use super::Registry;
use crate::{
    error::RegistryError,
    keymanager::{Behalf, event},
    storage::{Place, definitions},
};

/// A definition with its file's text.
pub struct Definition {
    pub rules: RegisterDefinition,
    pub text: String,
    pub digest: String,
}

/// By register.
#[derive(Default)]
pub struct Definitions(BTreeMap<RegisterName, Definition>);

/// Why definitions cannot be served: the file and the rule.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct DefinitionFault {
    file: String,
    reason: String,
}

impl Definitions {
    /// Reads every `*.json` of a folder.
    ///
    /// # Errors
    /// A file that cannot be read or is refused by the lint, two of one register, or none at all.
    pub fn load(folder: &Path) -> Result<Self, DefinitionFault> {
        let fault = |file: &Path, reason: String| DefinitionFault { file: file.display().to_string(), reason };
        let entries = fs::read_dir(folder).map_err(|error| fault(folder, error.to_string()))?;
        let mut found = BTreeMap::new();
        for entry in entries {
            let path = entry.map_err(|error| fault(folder, error.to_string()))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(|error| fault(&path, error.to_string()))?;
            let rules = RegisterDefinition::from_json(&text).map_err(|error| fault(&path, error.to_string()))?;
            let (register, digest) = (rules.register.clone(), hex_sha256(text.as_bytes()));
            if found.insert(register, Definition { rules, text, digest }).is_some() {
                return Err(fault(&path, "its register is defined in another file too".to_owned()));
            }
        }
        if found.is_empty() {
            return Err(fault(folder, "holds no register definition".to_owned()));
        }
        Ok(Self(found))
    }

    pub fn find(&self, register: &RegisterName) -> Option<&Definition> {
        self.0.get(register)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.0.values()
    }
}

/// Appends an event for every definition that is new here or not what it was, and then notes it.
///
/// # Errors
/// The log or the database cannot be written.
pub async fn announce(registry: &Registry) -> Result<(), RegistryError> {
    let behalf = Behalf::registry()?;
    for definition in registry.definitions.iter() {
        let place = Place { tenant: registry.tenant.clone(), register: definition.rules.register.clone() };
        let schema = i32::try_from(definition.rules.schema)
            .map_err(|_| RegistryError::malformed("schema", "must be below 2147483648"))?;
        let digest = definition.digest.clone();
        let (at, what) = (place.clone(), digest.clone());
        let seen = registry.store.read(move |db| definitions::compare(db, &at, schema, &what)).await?;
        let reason = match seen {
            definitions::Seen::Before => continue,
            definitions::Seen::New => "new",
            definitions::Seen::Altered => "altered",
        };
        let mut told = event(EventKind::RegistryDefinition, place.register.as_str(), "done");
        (told.reason, told.digest) = (reason.to_owned(), digest.clone());
        registry.keymanager.append(&behalf, told).await.map_err(RegistryError::Unrecorded)?;
        let now = registry.clock.now();
        registry.store.write(move |db| definitions::note(db, &place, schema, &digest, now)).await?;
    }
    Ok(())
}
