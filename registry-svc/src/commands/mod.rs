//! What the program can be told on its command line, a file each. Each answers what it did as a sentence and as JSON.

pub mod backup;
pub mod check_config;
pub mod migrate;
pub mod restore;
pub mod serve;

use serde_json::Value;

/// What a command did.
pub struct Done {
    pub sentence: String,
    pub facts: Value,
}
