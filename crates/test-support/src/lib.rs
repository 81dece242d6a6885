//! What tests stand on: a token, a database, child processes that end with the test, waiting for a condition. It uses no
//! crate of ours, so that any crate's tests may use it.
#![allow(clippy::disallowed_methods, reason = "tests wait and read their environment")]

pub mod child;
pub mod database;
pub mod folder;
pub mod module;
pub mod process;
pub mod token;
pub mod wait;

pub use child::Child;
pub use database::{TestDatabase, TestServer};
pub use folder::TestFolder;
pub use module::Module;
pub use token::TestToken;
pub use wait::wait_until;
