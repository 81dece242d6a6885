//! Who is calling: a person or a backend by its access token, a service by its certificate.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{TenantId, Timestamp};

/// The verified holder of an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub tenant: TenantId,
    /// The issuer's URL; a subject is unique within its issuer only.
    pub issuer: String,
    pub subject: String,
    /// `preferred_username`: the name by which the MOSIP dialect's policies list users. Nothing else decides by it.
    pub username: Option<String>,
    pub roles: BTreeSet<Role>,
    /// Every role as the token spells it, for the role lists of the MOSIP dialect.
    pub role_names: BTreeSet<String>,
    /// Authentication context class (OpenID Connect Core, section 2), for step-up.
    pub acr: Option<String>,
    /// When the holder last proved who they are.
    pub authenticated_at: Option<Timestamp>,
    pub expires: Timestamp,
}

impl Principal {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The name under which keys, budgets and events know this principal: issuer and subject.
    pub fn name(&self) -> String {
        format!("{}#{}", self.issuer, self.subject)
    }
}

/// The roles that our own faces know. Others in a token are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    #[serde(rename = "sealkeep-backend")]
    Backend,
    #[serde(rename = "sealkeep-caseworker")]
    Caseworker,
    #[serde(rename = "sealkeep-officer")]
    Officer,
    #[serde(rename = "sealkeep-auditor")]
    Auditor,
    #[serde(rename = "sealkeep-operator")]
    Operator,
}

impl Role {
    pub const ALL: [Role; 5] = [Self::Backend, Self::Caseworker, Self::Officer, Self::Auditor, Self::Operator];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Backend => "sealkeep-backend",
            Self::Caseworker => "sealkeep-caseworker",
            Self::Officer => "sealkeep-officer",
            Self::Auditor => "sealkeep-auditor",
            Self::Operator => "sealkeep-operator",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// The holder of a client certificate under the service root, from its URI name
/// `spiffe://sealkeep/TENANT/KIND/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceIdentity {
    pub tenant: TenantId,
    pub kind: ServiceKind,
    pub name: String,
}

/// What a certificate under the service root is for. A listener or RPC admits some kinds and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceKind {
    /// The key manager's own listeners.
    KeyManager,
    /// `registry-svc`: the gRPC listener.
    Registry,
    /// An officer's or auditor's workstation: the officer listener.
    Officer,
    /// A backend or caseworker program; no listener demands it today.
    Client,
    /// The development issuer's listener.
    Issuer,
}

impl ServiceKind {
    pub const ALL: [ServiceKind; 5] = [Self::KeyManager, Self::Registry, Self::Officer, Self::Client, Self::Issuer];

    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyManager => "keymanager",
            Self::Registry => "registry",
            Self::Officer => "officer",
            Self::Client => "client",
            Self::Issuer => "issuer",
        }
    }
}

impl ServiceIdentity {
    pub fn uri(&self) -> String {
        format!("spiffe://sealkeep/{}/{}/{}", self.tenant, self.kind.name(), self.name)
    }

    /// Reads the URI name of a certificate.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let mut parts = uri.strip_prefix("spiffe://sealkeep/")?.split('/');
        let (tenant, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
        let kind = ServiceKind::ALL.into_iter().find(|known| known.name() == kind)?;
        let name_is_plain =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (parts.next().is_none() && name_is_plain)
            .then(|| Some(Self { tenant: tenant.parse().ok()?, kind, name: name.to_owned() }))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_identity_survives_its_uri() {
        let uri = "spiffe://sealkeep/demo/registry/registry-1";
        assert_eq!(ServiceIdentity::from_uri(uri).map(|identity| identity.uri()).as_deref(), Some(uri));
        for bad in [
            "spiffe://sealkeep/demo/registry",
            "spiffe://other/demo/registry/a",
            "spiffe://sealkeep/demo/root/a",
            "spiffe://sealkeep/demo/registry/a/b",
        ] {
            assert_eq!(ServiceIdentity::from_uri(bad), None);
        }
    }
}
