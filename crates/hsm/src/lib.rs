//! The PKCS#11 key store. It knows no particular product: what a token can do is asked of it when it is opened
//! (`capabilities`), how a key was wrapped is written beside the key (`wrapping`), and handles, sessions and recovery
//! follow from what PKCS#11 2.40 promises and from nothing else.
//!
//! Where to read: `token` opens a token, `live` is everything that lasts until the module is initialised again, `run`
//! is the way of every call, and `sign`, `cipher`, `agree`, `decrypt`, `data_keys`, `generate`, `inventory` are the calls.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod agree;
mod capabilities;
mod capability;
mod cipher;
mod data_keys;
mod decrypt;
mod errors;
mod generate;
mod handles;
mod identity;
mod import;
mod inventory;
mod known;
mod live;
mod pin;
mod public;
mod raw;
mod run;
mod session_pool;
mod sign;
mod templates;
mod token;
mod turns;
mod wrapping;

pub use inventory::TokenObject;
pub use token::{Token, TokenConfig};
