//! Why a record is read: a purpose from a closed list, and a case number of a known form.

use serde::Deserialize;

/// The purposes that a reader can state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    ServiceDelivery,
    Eligibility,
    Correction,
    Grievance,
    Audit,
    Statistics,
    ErasureRequest,
    Import,
}

impl Purpose {
    pub const ALL: [Purpose; 8] = [
        Self::ServiceDelivery,
        Self::Eligibility,
        Self::Correction,
        Self::Grievance,
        Self::Audit,
        Self::Statistics,
        Self::ErasureRequest,
        Self::Import,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ServiceDelivery => "service-delivery",
            Self::Eligibility => "eligibility",
            Self::Correction => "correction",
            Self::Grievance => "grievance",
            Self::Audit => "audit",
            Self::Statistics => "statistics",
            Self::ErasureRequest => "erasure-request",
            Self::Import => "import",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// What a stated case or basis must look like. Both are kept in the log for ever, so neither may hold a personal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurposeRules {
    /// Longest case number, in characters.
    pub case_length: usize,
}

impl Default for PurposeRules {
    fn default() -> Self {
        Self { case_length: 32 }
    }
}

/// A checked statement of purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    pub purpose: Purpose,
    pub case: Option<String>,
    pub basis: Option<String>,
}

/// What is wrong with a statement of purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unstated {
    #[error("purpose: must be one of the closed list in the documentation")]
    Purpose,
    #[error("case: must be letters A-Z, digits, '-' and '/', beginning with a letter and holding a digit")]
    Case,
    #[error("basis: must be 'consent', 'law', 'contract', 'vital-interest' or 'public-task'")]
    Basis,
}

const BASES: [&str; 5] = ["consent", "law", "contract", "vital-interest", "public-task"];

impl PurposeRules {
    /// Checks what a reader stated.
    pub fn check(&self, purpose: &str, case: Option<&str>, basis: Option<&str>) -> Result<Stated, Unstated> {
        let purpose = Purpose::from_name(purpose).ok_or(Unstated::Purpose)?;
        if case.is_some_and(|case| !self.is_case(case)) {
            return Err(Unstated::Case);
        }
        if basis.is_some_and(|basis| !BASES.contains(&basis)) {
            return Err(Unstated::Basis);
        }
        Ok(Stated { purpose, case: case.map(str::to_owned), basis: basis.map(str::to_owned) })
    }

    fn is_case(&self, case: &str) -> bool {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'/';
        case.len() <= self.case_length
            && case.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
            && case.bytes().any(|b| b.is_ascii_digit())
            && case.bytes().all(allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_a_number_of_known_form() {
        let rules = PurposeRules::default();
        assert!(rules.check("grievance", Some("GR-2026/0012"), Some("law")).is_ok());
        assert_eq!(rules.check("curiosity", None, None), Err(Unstated::Purpose));
        assert_eq!(rules.check("grievance", Some("Amina Diallo"), None), Err(Unstated::Case));
        assert_eq!(rules.check("grievance", None, Some("because")), Err(Unstated::Basis));
    }
}
