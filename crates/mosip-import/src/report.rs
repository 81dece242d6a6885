//! What was found, what was or would be done, and what is proven: for people and as JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use serde::Serialize;

use crate::{
    failure::Failure,
    keys::Keys,
    plan::{Planned, PlannedPolicy, PolicyStep, Step},
    prove::Proof,
    trust::{PlannedTrust, TrustStep},
};

#[derive(Debug, Serialize)]
pub struct Report {
    /// False: a plan.
    pub applied: bool,
    /// Schema version of the source.
    pub source_version: &'static str,
    pub policies: Vec<Policy>,
    pub keys: Vec<Line>,
    /// Of the trust stores.
    pub certificates: Vec<TrustLine>,
    /// Of `zkEncrypt`.
    pub random_keys: RandomKeys,
    /// Entries of the key store that no row of the database names.
    pub orphans: Vec<String>,
    /// Names about whose own keys has to be decided first.
    pub undecided: Vec<String>,
    /// Keys that answered a challenge; certificates without a key are not counted.
    pub proven: usize,
    /// Keys and certificates that are not here.
    pub left: usize,
}

/// What becomes of the random keys; each that is here was sent twice and known the second time.
#[derive(Debug, Default, Serialize)]
pub struct RandomKeys {
    pub found: usize,
    pub imported: usize,
    pub unchanged: usize,
    /// Numbers, and why.
    pub left: BTreeMap<i64, String>,
}

#[derive(Debug, Serialize)]
pub struct Policy {
    pub application: String,
    pub outcome: &'static str,
}

/// One alias.
#[derive(Debug, Serialize)]
pub struct Line {
    pub id: String,
    pub application: String,
    pub reference: String,
    pub kind: &'static str,
    pub generated: String,
    pub expires: String,
    pub outcome: Outcome,
    /// Why it is left; or how it was proven.
    pub detail: String,
}

/// One certificate of the trust stores.
#[derive(Debug, Serialize)]
pub struct TrustLine {
    pub id: String,
    /// `authority` or `partner`.
    pub kind: &'static str,
    pub domain: String,
    pub outcome: Outcome,
    /// Why it is left.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    WouldImport,
    IsHere,
    Imported,
    Shortened,
    Recertified,
    Unchanged,
    PassedOver,
    Left,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::WouldImport => "would be moved",
            Self::IsHere => "is here",
            Self::Imported => "moved",
            Self::Shortened => "ends earlier now",
            Self::Recertified => "has a new certificate",
            Self::Unchanged => "was here",
            Self::PassedOver => "passed over",
            Self::Left => "LEFT",
        }
    }
}

impl Report {
    pub fn planned(keys: &Keys<'_>, planned: &[Planned], policies: &[PlannedPolicy], trusted: &[PlannedTrust]) -> Self {
        let named: BTreeSet<String> = keys.source.aliases.iter().map(|row| row.id.to_lowercase()).collect();
        let orphans = keys.store.aliases().into_iter().filter(|alias| !named.contains(*alias)).map(str::to_owned);
        let mut report = Self {
            applied: false,
            source_version: keys.source.version,
            policies: policies.iter().map(policy).collect(),
            keys: planned.iter().map(line).collect(),
            certificates: trusted.iter().map(trust_line).collect(),
            random_keys: RandomKeys { found: keys.source.random_keys.len(), ..RandomKeys::default() },
            orphans: orphans.collect(),
            undecided: Vec::new(),
            proven: 0,
            left: 0,
        };
        report.count();
        report
    }

    /// It was moved, or was here, and proved itself.
    pub fn moved(&mut self, id: &str, outcome: Outcome, proof: Proof) {
        self.set(id, outcome, proof.name().to_owned());
        self.proven += usize::from(proof != Proof::NoKey);
    }

    /// What became of a certificate of the trust stores.
    pub fn trusted(&mut self, planned: &PlannedTrust, outcome: Outcome, detail: &str) {
        let is_it = |line: &&mut TrustLine| line.id == planned.id && line.kind == planned.kind();
        for line in self.certificates.iter_mut().filter(is_it) {
            (line.outcome, line.detail) = (outcome, detail.to_owned());
        }
        self.count();
    }

    /// These random keys stay where they are.
    pub fn random_keys_left(&mut self, numbers: impl IntoIterator<Item = i64>, why: &str) {
        self.random_keys.left.extend(numbers.into_iter().map(|number| (number, why.to_owned())));
        self.count();
    }

    /// The key manager refused it.
    pub fn refused(&mut self, id: &str, why: &str) {
        self.set(id, Outcome::Left, why.to_owned());
    }

    fn set(&mut self, id: &str, outcome: Outcome, detail: String) {
        for line in self.keys.iter_mut().filter(|line| line.id == id) {
            (line.outcome, line.detail) = (outcome, detail.clone());
        }
        self.count();
    }

    fn count(&mut self) {
        let keys = self.keys.iter().map(|line| line.outcome);
        let all = keys.chain(self.certificates.iter().map(|line| line.outcome));
        self.left = all.filter(|outcome| *outcome == Outcome::Left).count() + self.random_keys.left.len();
    }

    /// Writes it to a new file.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        std::fs::File::create_new(path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| Failure::Unavailable(format!("{}: {error}", path.display())))
    }

    /// Prints it; a reader that has gone away is no fault. The exit code says whether everything is here, or would be.
    pub fn print(&self, json: bool) -> ExitCode {
        let mut out = io::stdout().lock();
        let _ = if json {
            writeln!(out, "{}", serde_json::to_string(self).unwrap_or_default())
        } else {
            write!(out, "{}", self.text())
        };
        ExitCode::from(u8::from(self.left > 0 || !self.undecided.is_empty()))
    }

    fn text(&self) -> String {
        let mut text = format!("A MOSIP Keymanager with a schema of version {}\n", self.source_version);
        for policy in &self.policies {
            text += &format!("policy {:<36} {}\n", policy.application, policy.outcome);
        }
        for line in &self.keys {
            let name = format!("{}/{}", line.application, line.reference);
            let detail = if line.detail.is_empty() { String::new() } else { format!(": {}", line.detail) };
            let (kind, outcome) = (line.kind, line.outcome.name());
            text += &format!("{kind:<9} {name:<36} {} {outcome}{detail}\n", line.id);
        }
        for line in &self.certificates {
            let detail = if line.detail.is_empty() { String::new() } else { format!(": {}", line.detail) };
            let (kind, domain, outcome) = (line.kind, &line.domain, line.outcome.name());
            text += &format!("{kind:<9} {domain:<36} {} {outcome}{detail}\n", line.id);
        }
        let RandomKeys { found, imported, unchanged, left } = &self.random_keys;
        if *found > 0 {
            text += &format!("random keys of zkEncrypt: {found} found, {imported} moved, {unchanged} were here\n");
        }
        for (number, why) in left {
            text += &format!("random key {number}: LEFT: {why}\n");
        }
        for alias in &self.orphans {
            text += &format!("{alias}: in the key store, but in no row of the database; left\n");
        }
        for name in &self.undecided {
            text += &format!("{name}: a key of the key manager's own is current; say --own-keys retire or keep\n");
        }
        if self.applied {
            text += &format!("{} keys answered a challenge, {} left\n", self.proven, self.left);
        } else {
            text += "Nothing was changed. Do it with --apply\n";
        }
        text
    }
}

fn policy(planned: &PlannedPolicy) -> Policy {
    let outcome = match planned.step {
        PolicyStep::Set => "set",
        PolicyStep::Replace => "replaced",
        PolicyStep::Keep => "stands differently here and is kept; --replace-policies takes the source's",
        PolicyStep::Unchanged => "stands so already",
    };
    Policy { application: planned.policy.application.clone(), outcome }
}

fn trust_line(planned: &PlannedTrust) -> TrustLine {
    let (outcome, detail) = match &planned.step {
        TrustStep::Authority { is_here: true, .. } | TrustStep::Partner { is_here: true, .. } => (Outcome::IsHere, ""),
        TrustStep::Authority { .. } | TrustStep::Partner { .. } => (Outcome::WouldImport, ""),
        TrustStep::Leave { why, .. } => (Outcome::Left, why.as_str()),
        TrustStep::PassOver => (Outcome::PassedOver, PASSED_OVER),
    };
    let (id, kind, domain) = (planned.id.clone(), planned.kind(), planned.domain.clone());
    TrustLine { id, kind, domain, outcome, detail: detail.to_owned() }
}

const PASSED_OVER: &str = "it is a partner's, which MOSIP made an authority by signing it; partners are none here";

fn line(planned: &Planned) -> Line {
    let (outcome, detail) = match &planned.step {
        Step::Leave(why) => (Outcome::Left, why.clone()),
        Step::Take(item) if item.is_here => (Outcome::IsHere, String::new()),
        Step::Take(_) => (Outcome::WouldImport, String::new()),
    };
    Line {
        id: planned.row.id.clone(),
        application: planned.row.application.clone(),
        reference: planned.row.reference.clone(),
        kind: planned.kind,
        generated: planned.row.generated.to_string(),
        expires: planned.row.expires.to_string(),
        outcome,
        detail,
    }
}
