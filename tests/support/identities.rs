//! Who calls: clients of the development issuer, in two tenants.

/// The tenant of most tests.
pub const DEMO: &str = "demo";
/// The tenant that must never see anything of the first.
pub const OTHER: &str = "other";

/// A client of the issuer: its id and what its tokens say.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    pub name: &'static str,
    pub tenant: &'static str,
    pub roles: &'static [&'static str],
    pub acr: Option<&'static str>,
}

const fn who(name: &'static str, tenant: &'static str, roles: &'static [&'static str]) -> Identity {
    Identity { name, tenant, roles, acr: None }
}

const fn stepped_up(name: &'static str, tenant: &'static str) -> Identity {
    Identity { name, tenant, roles: &["sealkeep-officer"], acr: Some("2") }
}

/// Everybody.
pub const ALL: &[Identity] = &[
    who("backend", DEMO, &["sealkeep-backend", "KEYMANAGER_ADMIN"]),
    who("second-backend", DEMO, &["sealkeep-backend"]),
    who("caseworker", DEMO, &["sealkeep-caseworker"]),
    stepped_up("officer", DEMO),
    stepped_up("second-officer", DEMO),
    who("auditor", DEMO, &["sealkeep-auditor"]),
    who("operator", DEMO, &["sealkeep-operator"]),
    who("nobody", DEMO, &[]),
    who("openg2p", DEMO, &["KEYMANAGER_ADMIN"]),
    who("stranger", DEMO, &["offline_access", "admin"]),
    Identity { name: "one-factor", tenant: DEMO, roles: &["sealkeep-officer"], acr: Some("1") },
    who("other-backend", OTHER, &["sealkeep-backend", "KEYMANAGER_ADMIN"]),
    who("other-caseworker", OTHER, &["sealkeep-caseworker"]),
    stepped_up("other-officer", OTHER),
    who("other-auditor", OTHER, &["sealkeep-auditor"]),
];

/// People, who log in with a password and a one-time password; the roles are those of their tokens.
pub const PEOPLE: &[Identity] = &[who("ana", DEMO, &["sealkeep-caseworker"]), who("omar", DEMO, &["sealkeep-officer"])];

/// An identity by its name.
pub fn identity(name: &str) -> &'static Identity {
    ALL.iter().find(|identity| identity.name == name).unwrap_or_else(|| panic!("there is no identity {name}"))
}
