//! The policy of an application: how long its keys live, and who may use them.

use km_domain::Principal;
use km_storage::MosipPolicyRow;

/// A policy row, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub application: String,
    /// Life of a new key in days.
    pub valid_days: u32,
    /// How many days before its end a key is no longer current.
    pub early_days: u32,
    pub is_active: bool,
    /// Users who may use the application's keys, with commas between; `NA`: everybody; empty: nobody.
    pub access: String,
}

/// Everybody.
const EVERYBODY: &str = "NA";

impl Policy {
    /// A policy from its row; none where a column makes no sense.
    pub(super) fn of(row: MosipPolicyRow) -> Option<Self> {
        Some(Self {
            application: row.application,
            valid_days: u32::try_from(row.valid_days).ok()?,
            early_days: u32::try_from(row.early_days).ok()?,
            is_active: row.active == 1,
            access: row.access,
        })
    }

    /// Whether this caller may use the application's keys: by `preferred_username`, whatever its case.
    pub fn admits(&self, principal: &Principal) -> bool {
        admits(&self.access, principal.username.as_deref())
    }
}

fn admits(access: &str, user: Option<&str>) -> bool {
    let access = access.trim();
    let is_listed = |user: &str| access.split(',').any(|listed| listed.trim().eq_ignore_ascii_case(user));
    access.eq_ignore_ascii_case(EVERYBODY) || user.is_some_and(|user| !user.trim().is_empty() && is_listed(user.trim()))
}

#[cfg(test)]
mod tests {
    use super::admits;

    #[test]
    fn the_list_decides() {
        assert!(admits("NA", None) && admits(" na ", Some("x")));
        assert!(admits("anna, service-account-openg2p", Some("Service-Account-OpenG2P")));
        for (access, user) in [("", Some("x")), ("", None), ("anna", Some("ann")), ("a,,b", Some("")), ("a", None)] {
            assert!(!admits(access, user), "{access} {user:?}");
        }
    }
}
