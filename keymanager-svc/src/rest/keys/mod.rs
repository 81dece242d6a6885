//! `/v1/keys`: the inventory, and messages under a caller's key.

pub mod decrypt;
pub mod encrypt;
pub mod list;
pub mod mac;
pub mod rewrap;
pub mod show;
pub mod sign;
pub mod verify;

use km_api::keys::{KeyDescription, Residence, VersionDescription};
use km_domain::KeyState;
use km_keystore::Residence as Lives;
use km_operations::{Key, Version};

/// A key as its callers see it.
pub fn describe(key: &Key) -> KeyDescription {
    let current = key.current().ok().or_else(|| key.versions.values().next_back());
    KeyDescription {
        id: key.id.clone(),
        purpose: key.purpose,
        algorithm: key.algorithm,
        state: current.map_or(KeyState::Destroyed, |version| version.state),
        created: key.created,
        residence: current.map_or(Residence::Wrapped, residence),
        current_version: key.current().ok().map(|version| version.number),
        allow: key.roles.iter().copied().collect(),
        versions: key.versions.values().map(describe_version).collect(),
    }
}

fn describe_version(version: &Version) -> VersionDescription {
    let born_at = u64::try_from(version.row.born_at).unwrap_or_default();
    VersionDescription {
        version: version.number,
        state: version.state,
        created: version.created(),
        activated: Some(version.activated()),
        deactivated: version.deactivated(),
        residence: residence(version),
        kid: version.stored.name.to_string(),
        born_at,
        proof_of_birth: match residence(version) {
            Residence::Resident => {
                let attributes = "the token's attributes LOCAL, ALWAYS_SENSITIVE and NEVER_EXTRACTABLE";
                format!("{attributes}, and event {born_at} of the log")
            }
            // An unwrapped key reports those attributes as false by PKCS#11's rules.
            Residence::Wrapped => format!("event {born_at} of the log"),
        },
    }
}

fn residence(version: &Version) -> Residence {
    match version.stored.residence {
        Lives::Resident { .. } => Residence::Resident,
        Lives::Wrapped { .. } => Residence::Wrapped,
    }
}
