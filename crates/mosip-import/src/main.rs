//! `kmctl import-mosip`: moves an existing MOSIP Keymanager in. It reads the source's database and key store and writes to neither; it
//! says what it found and what it would do; with `--apply` it seals every key to the key manager's transport key and hands it to the
//! officers' listener, which has the token unwrap it. In the clear a key is in this process's memory only, for as long as that takes.
//!
//! What was done stands in the key manager and nowhere else, so a program that was killed is simply run again.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod apply;
mod arguments;
mod failure;
mod keys;
mod patient;
mod pkcs11;
mod pkcs12;
mod plan;
mod prove;
mod random_keys;
mod report;
mod source;
mod trust;

use std::process::ExitCode;

use clap::Parser;

use crate::{arguments::Arguments, failure::Failure};

/// Memory is wiped when it is given back: what libraries read of a key store is no secret type of ours.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = arguments.json;
    let answer = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Unavailable(format!("the program cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(apply::run(&arguments)));
    match answer {
        Ok(report) => report.print(json),
        Err(failure) => failure.print(json),
    }
}
