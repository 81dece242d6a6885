//! What a verifier found, check by check.

use serde::Serialize;

use crate::manifest::Manifest;

/// All checks of one bundle, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    pub checks: Vec<Check>,
    /// What the bundle says it is. Believe it only if every check holds.
    pub manifest: Option<Manifest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: CheckName,
    pub status: Status,
    /// What was found, as a sentence.
    pub finding: String,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// Exactly the files of a bundle, each named in `SHA256SUMS` once.
    Files,
    Digests,
    /// The CMS signature over `SHA256SUMS`.
    Signature,
    /// The signer's certificate leads to the given root and is for this.
    Signer,
    Manifest,
    /// The checkpoint's signature, by a key that is certified under the given root.
    Checkpoint,
    /// Every event in its form, none missing, none out of order, log time never falling.
    Sequence,
    Inclusion,
    Consistency,
    /// The manifest says what the other files say.
    Agreement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Holds,
    Refused,
    /// It needs something that another check refused.
    NotChecked,
}

impl CheckName {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Digests => "digests",
            Self::Signature => "signature",
            Self::Signer => "signer",
            Self::Manifest => "manifest",
            Self::Checkpoint => "checkpoint",
            Self::Sequence => "sequence",
            Self::Inclusion => "inclusion",
            Self::Consistency => "consistency",
            Self::Agreement => "agreement",
        }
    }
}

impl Report {
    /// Whether everything was checked and everything holds.
    pub fn holds(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.status == Status::Holds)
    }

    /// The first check that did not hold.
    pub fn first_refusal(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.status == Status::Refused)
    }

    /// Notes the result of a check and passes on what it found out.
    pub(crate) fn note<T>(&mut self, name: CheckName, result: Result<(T, String), String>) -> Option<T> {
        let (value, status, finding) = match result {
            Ok((value, finding)) => (Some(value), Status::Holds, finding),
            Err(finding) => (None, Status::Refused, finding),
        };
        self.checks.push(Check { name, status, finding });
        value
    }

    pub(crate) fn skip(&mut self, name: CheckName) {
        let finding = "not checked, because it needs what was refused above".to_owned();
        self.checks.push(Check { name, status: Status::NotChecked, finding });
    }
}
