//! The table of roles and actions. What it does not grant is denied.

use std::collections::BTreeSet;

use km_domain::{Principal, Role, Timestamp};
use std::time::Duration;

/// Everything that a caller can ask for, one for each use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    ListKeys,
    Encrypt,
    Decrypt,
    Rewrap,
    Sign,
    Verify,
    Mac,
    DataKey,
    Random,
    EnrolOwnKey,
    SealRecord,
    OpenRecord,
    OpenHistory,
    FindRecord,
    ListRecords,
    EraseRecord,
    RewrapStatus,
    ReadLog,
    Export,
    CreateKey,
    RotateKey,
    ImportKeys,
    CreateTenant,
    ApproveEnrolment,
    InviteService,
    RevokeCertificate,
}

impl Action {
    pub const ALL: [Action; 26] = [
        Self::ListKeys,
        Self::Encrypt,
        Self::Decrypt,
        Self::Rewrap,
        Self::Sign,
        Self::Verify,
        Self::Mac,
        Self::DataKey,
        Self::Random,
        Self::EnrolOwnKey,
        Self::SealRecord,
        Self::OpenRecord,
        Self::OpenHistory,
        Self::FindRecord,
        Self::ListRecords,
        Self::EraseRecord,
        Self::RewrapStatus,
        Self::ReadLog,
        Self::Export,
        Self::CreateKey,
        Self::RotateKey,
        Self::ImportKeys,
        Self::CreateTenant,
        Self::ApproveEnrolment,
        Self::InviteService,
        Self::RevokeCertificate,
    ];

    /// The roles that may do it.
    pub const fn roles(self) -> &'static [Role] {
        use Role::{Auditor, Backend, Caseworker, Officer, Operator};
        match self {
            Self::ListKeys => &[Backend, Officer, Auditor, Operator],
            Self::Encrypt | Self::Decrypt | Self::Rewrap | Self::Sign | Self::Mac | Self::DataKey => &[Backend],
            Self::Random => &[Backend],
            Self::Verify => &[Backend, Caseworker, Officer, Auditor],
            Self::EnrolOwnKey => &[Backend, Caseworker, Officer, Auditor],
            Self::SealRecord | Self::OpenRecord | Self::FindRecord | Self::ListRecords => &[Backend, Caseworker],
            Self::OpenHistory => &[Backend],
            Self::EraseRecord => &[Backend],
            Self::RewrapStatus => &[Backend, Officer, Auditor, Operator],
            Self::ReadLog => &[Auditor, Officer],
            Self::Export => &[Auditor],
            Self::CreateKey | Self::RotateKey | Self::ImportKeys => &[Officer],
            Self::CreateTenant | Self::ApproveEnrolment => &[Officer],
            Self::InviteService | Self::RevokeCertificate => &[Officer],
        }
    }

    /// Whether the caller must have proved who they are again, at the step-up level, a short time ago.
    pub const fn needs_step_up(self) -> bool {
        matches!(
            self,
            Self::CreateKey
                | Self::RotateKey
                | Self::ImportKeys
                | Self::CreateTenant
                | Self::ApproveEnrolment
                | Self::InviteService
                | Self::RevokeCertificate
        )
    }
}

/// Why a caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("your roles do not allow this action")]
    Role,
    #[error("this action needs a fresh sign-in with a second factor")]
    StepUp,
    /// Unknown and forbidden keys look the same.
    #[error("there is no such key, or you may not use it")]
    Key,
}

/// How long a step-up sign-in counts.
const STEP_UP_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// The `acr` values that count as a second factor (NIST SP 800-63B levels, and Keycloak's level of authentication).
const STEP_UP_LEVELS: [&str; 3] = ["aal2", "aal3", "2"];

/// Whether this principal may do this now.
pub fn authorise(principal: &Principal, action: Action, now: Timestamp) -> Result<(), Denied> {
    if !action.roles().iter().any(|role| principal.has(*role)) {
        return Err(Denied::Role);
    }
    if action.needs_step_up() {
        let level = principal.acr.as_deref().is_some_and(|acr| STEP_UP_LEVELS.contains(&acr));
        let fresh = principal.authenticated_at.is_some_and(|at| at.plus(STEP_UP_LIFETIME) >= now);
        if !(level && fresh) {
            return Err(Denied::StepUp);
        }
    }
    Ok(())
}

/// Whether a key's own list of roles lets this principal use it. An empty list lets nobody.
pub fn authorise_key(principal: &Principal, allowed: &BTreeSet<Role>) -> Result<(), Denied> {
    if allowed.iter().any(|role| principal.has(*role)) { Ok(()) } else { Err(Denied::Key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(roles: &[Role]) -> Principal {
        Principal {
            tenant: "demo".parse().unwrap(),
            issuer: "https://issuer".into(),
            subject: "someone".into(),
            username: None,
            role_names: BTreeSet::new(),
            roles: roles.iter().copied().collect(),
            acr: None,
            authenticated_at: None,
            expires: Timestamp::from_seconds(2_000),
        }
    }

    #[test]
    fn nothing_is_allowed_without_a_role() {
        for action in Action::ALL {
            assert_eq!(authorise(&principal(&[]), action, Timestamp::from_seconds(1_000)), Err(Denied::Role));
        }
    }

    #[test]
    fn an_officer_needs_a_fresh_second_factor() {
        let now = Timestamp::from_seconds(10_000);
        let mut officer = principal(&[Role::Officer]);
        assert_eq!(authorise(&officer, Action::RotateKey, now), Err(Denied::StepUp));
        officer.acr = Some("aal2".into());
        officer.authenticated_at = Some(Timestamp::from_seconds(10_000 - 901));
        assert_eq!(authorise(&officer, Action::RotateKey, now), Err(Denied::StepUp));
        officer.authenticated_at = Some(Timestamp::from_seconds(10_000 - 899));
        assert_eq!(authorise(&officer, Action::RotateKey, now), Ok(()));
    }

    #[test]
    fn no_officer_or_auditor_opens_a_record() {
        for role in [Role::Officer, Role::Auditor, Role::Operator] {
            for action in [Action::OpenRecord, Action::FindRecord, Action::SealRecord, Action::Decrypt] {
                assert_eq!(authorise(&principal(&[role]), action, Timestamp::from_seconds(0)), Err(Denied::Role));
            }
        }
    }

    #[test]
    fn a_key_without_a_list_serves_nobody() {
        assert_eq!(authorise_key(&principal(&Role::ALL), &BTreeSet::new()), Err(Denied::Key));
    }
}
