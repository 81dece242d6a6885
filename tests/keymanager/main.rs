//! The key manager through its front doors, on a real token and both databases. Folders mirror the doors.

mod altered_rows;
mod bad_input;
mod commands;
mod grpc;
mod idempotency;
mod jobs;
mod mosip;
mod officer;
mod other_token;
mod rest;
mod roles;
mod routes;
mod tenants;

use std::sync::LazyLock;

use km_tests::{Database, Options, System};

/// The system that the tests of one database share. Tests that break something start one of their own.
fn system(database: Database) -> &'static System {
    static SQLITE: LazyLock<System> = LazyLock::new(|| start(Database::Sqlite));
    static POSTGRES: LazyLock<System> = LazyLock::new(|| start(Database::Postgres));
    fn start(database: Database) -> System {
        let options =
            Options { mosip: Some(mosip::SECTION.to_owned()), bootstrap: mosip::POLICIES, ..Options::default() };
        System::start(database, options)
    }
    match database {
        Database::Sqlite => &SQLITE,
        Database::Postgres => &POSTGRES,
    }
}
