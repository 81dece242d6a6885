//! Key states and the steps between them, in the words of NIST SP 800-57 part 1, section 7.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of one key version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Made, not yet in use.
    PreActivation,
    /// Protects and processes.
    Active,
    /// Held back for a while; neither protects nor processes.
    Suspended,
    /// Decrypts and verifies only.
    Deactivated,
    /// Known or feared to be in other hands; decrypts and verifies under policy only.
    Compromised,
    /// Gone.
    Destroyed,
}

impl KeyState {
    pub const ALL: [KeyState; 6] =
        [Self::PreActivation, Self::Active, Self::Suspended, Self::Deactivated, Self::Compromised, Self::Destroyed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::PreActivation => "pre-activation",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deactivated => "deactivated",
            Self::Compromised => "compromised",
            Self::Destroyed => "destroyed",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// May apply protection: encrypt, sign, make a MAC, wrap.
    pub const fn protects(self) -> bool {
        matches!(self, Self::Active)
    }

    /// May process what was protected: decrypt, verify, unwrap.
    pub const fn processes(self) -> bool {
        matches!(self, Self::Active | Self::Deactivated)
    }

    /// Whether NIST SP 800-57 part 1, section 7.2 draws an arrow from here to there.
    pub const fn may_become(self, next: KeyState) -> bool {
        match self {
            Self::PreActivation => matches!(next, Self::Active | Self::Suspended | Self::Compromised | Self::Destroyed),
            Self::Active => matches!(next, Self::Suspended | Self::Deactivated | Self::Compromised),
            Self::Suspended => matches!(next, Self::Active | Self::Deactivated | Self::Compromised | Self::Destroyed),
            Self::Deactivated => matches!(next, Self::Compromised | Self::Destroyed),
            Self::Compromised => matches!(next, Self::Destroyed),
            Self::Destroyed => false,
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_returns_from_destruction() {
        assert!(KeyState::ALL.into_iter().all(|next| !KeyState::Destroyed.may_become(next)));
    }

    #[test]
    fn only_active_protects() {
        assert!(KeyState::ALL.into_iter().all(|state| state.protects() == (state == KeyState::Active)));
        assert!(!KeyState::Suspended.processes());
    }
}
