//! Patterns of a register definition.

use std::fmt;

use regex_lite::{Regex, RegexBuilder};

/// A compiled regular expression that describes a whole value: it begins with `^` and ends with `$`. Matching time is
/// linear in the value.
#[derive(Clone)]
pub struct Pattern(Regex);

/// Longest pattern that a definition may hold, and how large it may compile to.
const MAX_SOURCE: usize = 200;
const MAX_COMPILED: usize = 64 * 1024;

impl Pattern {
    /// Compiles a pattern; the error is the rule that it breaks.
    pub fn new(source: &str) -> Result<Self, &'static str> {
        if source.len() > MAX_SOURCE {
            return Err("a pattern must be at most 200 characters");
        }
        if !source.starts_with('^') || !source.ends_with('$') || source.ends_with("\\$") {
            return Err("a pattern must begin with ^ and end with $");
        }
        // An alternation at the top level would not be anchored on both sides; the group makes it so.
        let inner = source.get(1..source.len() - 1).unwrap_or_default();
        Regex::new(inner).map_err(|_| "the pattern is not a regular expression")?;
        RegexBuilder::new(&format!("^(?:{inner})$"))
            .size_limit(MAX_COMPILED)
            .build()
            .map(Self)
            .map_err(|_| "the pattern is too large")
    }

    pub fn matches(&self, value: &str) -> bool {
        self.0.is_match(value)
    }

    /// The pattern as the definition wrote it.
    pub fn source(&self) -> String {
        let compiled = self.0.as_str();
        format!("^{}$", compiled.get(4..compiled.len() - 2).unwrap_or_default())
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_describes_the_whole_value() {
        let pattern = Pattern::new("^[0-9]{2}|ET$").unwrap();
        assert!(pattern.matches("12") && pattern.matches("ET"));
        assert!(!pattern.matches("12x") && !pattern.matches("xET") && !pattern.matches("12\n"));
        assert_eq!(pattern.source(), "^[0-9]{2}|ET$");
    }

    #[test]
    fn what_is_not_a_pattern_is_refused() {
        for bad in ["[0-9]", "^[0-9", "^[0-9$", "^)|($", "^((a{1000}){1000}){1000}$"] {
            assert!(Pattern::new(bad).is_err(), "accepted {bad}");
        }
    }
}
