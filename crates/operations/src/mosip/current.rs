//! Which alias of a name is current (reference, section 2.4).

use std::time::Duration;

use km_domain::{TenantId, Timestamp};

use super::{Alias, Fault, KeyName, Kind, keyring::Dialect, name::BASE};

const DAY: u64 = 24 * 60 * 60;
/// How early base keys stop being current where the policy BASE is missing.
const EARLY_WITHOUT_BASE: u32 = 30;

pub(super) fn days(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * DAY)
}

impl Alias {
    /// Whether the alias is current at this moment, if keys of its name stop being so that early.
    pub(super) fn is_current(&self, now: Timestamp, early: Duration) -> bool {
        // Another party's certificate is good to its end: there is nothing of ours to follow it.
        let early = if self.kind == Kind::Foreign { Duration::ZERO } else { early };
        // One that was taken out of use before it began never is.
        self.generated < self.expires
            && (now == self.generated
                || now == self.expires
                || (self.generated < now && now < self.expires.minus(early)))
    }

    /// Whether its time is still to come.
    pub(super) fn is_to_come(&self, now: Timestamp) -> bool {
        now < self.generated && self.generated < self.expires
    }
}

impl Dialect {
    /// How long before its end a key of this name stops being current.
    pub(super) fn early(&self, tenant: &TenantId, name: &KeyName) -> Duration {
        let Some(own) = self.policy(tenant, &name.application) else { return Duration::ZERO };
        days(if name.has_own_early_days() {
            own.early_days
        } else {
            self.policy(tenant, BASE).map_or(EARLY_WITHOUT_BASE, |base| base.early_days)
        })
    }

    /// The current alias of a name, if there is one.
    ///
    /// Errors: more than one is.
    pub fn current(&self, tenant: &TenantId, name: &KeyName, now: Timestamp) -> Result<Option<&Alias>, Fault> {
        let early = self.early(tenant, name);
        let mut current = self.aliases(tenant, name).iter().filter(|alias| alias.is_current(now, early));
        match (current.next(), current.next()) {
            (_, Some(_)) => Err(Fault::MoreThanOneCurrent),
            (found, None) => Ok(found.map(|alias| &**alias)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosip::keyring::tests::{TENANT, dialect_of};

    const START: i64 = 1_790_000_000;

    fn at(days_after: i64) -> Timestamp {
        Timestamp::from_seconds(START + days_after * 86_400)
    }

    fn name(application: &str, reference: &str) -> KeyName {
        KeyName::new(application, reference).unwrap()
    }

    #[test]
    fn a_key_stops_being_current_before_it_ends() {
        let tenant: TenantId = TENANT.parse().unwrap();
        let dialect = dialect_of(
            &[("OPENG2P", 1095, 60), ("BASE", 730, 30)],
            &[("OPENG2P", "", at(0), at(1095)), ("OPENG2P", "ENCRYPT", at(0), at(730)), ("FREE", "X", at(0), at(10))],
        );
        let is_current = |name: &KeyName, now| dialect.current(&tenant, name, now).unwrap().is_some();
        let (master, base, free) = (name("OPENG2P", ""), name("OPENG2P", "ENCRYPT"), name("FREE", "X"));
        let second = Duration::from_secs(1);
        assert!(!is_current(&master, at(0).minus(second)) && is_current(&master, at(0)));
        assert!(is_current(&master, at(1035).minus(second)) && !is_current(&master, at(1035)));
        assert!(is_current(&base, at(700).minus(second)) && !is_current(&base, at(700)));
        // Odd, and so in the dialect: at its very end a key is current once more.
        assert!(is_current(&master, at(1095)) && !is_current(&master, at(1095).plus(second)));
        // An application without a policy: to its end.
        assert!(is_current(&free, at(10).minus(second)));
    }

    #[test]
    fn two_that_are_current_are_a_fault_and_one_that_takes_over_is_not() {
        let tenant: TenantId = TENANT.parse().unwrap();
        let policies = [("A", 100, 10)];
        let two = dialect_of(&policies, &[("A", "", at(0), at(100)), ("A", "", at(50), at(150))]);
        assert_eq!(two.current(&tenant, &name("A", ""), at(60)), Err(Fault::MoreThanOneCurrent));
        // A successor made ahead of time begins the moment its predecessor stops.
        let ahead = dialect_of(&policies, &[("A", "", at(0), at(100)), ("A", "", at(90), at(190))]);
        let current = |now| ahead.current(&tenant, &name("A", ""), now).unwrap().unwrap().generated;
        assert_eq!(current(at(90).minus(Duration::from_micros(1))), at(0));
        assert_eq!(current(at(90)), at(90));
        // One that was taken out of use before it began.
        let never = dialect_of(&policies, &[("A", "", at(50), at(50))]);
        assert_eq!(never.current(&tenant, &name("A", ""), at(50)), Ok(None));
    }
}
