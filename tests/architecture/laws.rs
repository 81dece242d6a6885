//! `laws.toml` as types. A key that no law reads is refused, so that nobody believes in a rule that does not exist.

use serde::Deserialize;
use std::collections::BTreeMap;

type Lists = BTreeMap<String, Vec<String>>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Laws {
    pub edges: Lists,
    pub edges_at_most: Lists,
    pub unreachable: Lists,
    pub libraries: Lists,
    pub calls: Lists,
    pub traits: Traits,
    pub files: Files,
    pub words: Lists,
    pub doors: Vec<Door>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traits {
    pub public: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub most_lines: usize,
    pub banned_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// Where the handlers lie.
    pub folder: String,
    /// Where their tests lie.
    pub tests: String,
    /// Handlers that have no test file yet. One that has got its test must leave this list.
    pub untested: Vec<String>,
}

impl Laws {
    pub fn read() -> Self {
        Self::parse(include_str!("laws.toml"))
    }

    pub fn parse(text: &str) -> Self {
        toml::from_str(text).unwrap_or_else(|fault| panic!("laws.toml: {fault}"))
    }
}

#[test]
#[should_panic(expected = "unknown field")]
fn a_rule_that_no_law_reads_is_refused() {
    Laws::parse("[colours]\nred = []\n");
}
