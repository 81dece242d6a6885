//! What the test programs share: a whole system of real services on a fresh token and database ([`System`]), and the
//! clients that call it through the front door.
#![allow(clippy::disallowed_methods, reason = "tests wait")]

pub mod both;
pub mod call;
pub mod certificates;
pub mod clock;
pub mod database;
mod doors;
mod endpoints;
pub mod events;
pub mod forged;
pub mod grpc;
pub mod guard;
pub mod identities;
mod installation;
pub mod keys;
pub mod memory;
pub mod mosip;
pub mod openssl;
pub mod orders;
pub mod people;
pub mod program;
pub mod python;
pub mod records;
pub mod search;
pub mod seed;
pub mod settings;
mod shipped;
pub mod system;
mod tokens;

pub use call::{Answer, Client};
pub use database::Database;
pub use events::Found;
pub use grpc::Grpc;
pub use people::Reader;
pub use search::Search;
pub use settings::Options;
pub use system::System;

use std::future::Future;
use std::sync::LazyLock;

use km_domain::{Clock, SystemClock, Timestamp};

/// The tests are written as plain functions; what waits, waits on this one runtime.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// Starts something on that runtime that goes on meanwhile.
pub fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
    RUNTIME.spawn(future)
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

/// This moment.
pub fn now() -> Timestamp {
    SystemClock.now()
}

/// Base64url without padding, the form of every binary member.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url without padding.
pub fn from_base64url(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).expect("base64url without padding")
}
