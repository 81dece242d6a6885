//! One test, two databases.

use crate::System;

/// Makes two tests of a function that takes a running system: `NAME::sqlite` and `NAME::postgres`. The program that uses it
/// says in `crate::system(Database)` which system its tests share.
#[allow(clippy::crate_in_macro_def)] // the function `system` is the using program's own
#[macro_export]
macro_rules! on_both {
    ($($(#[$note:meta])* fn $name:ident($system:ident: &System) $body:block)*) => {$(
        $(#[$note])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn on($system: &$crate::System) $body

            #[test]
            fn sqlite() {
                let system = crate::system($crate::Database::Sqlite);
                let _shown = $crate::both::Shown::new(&system);
                on(&system);
            }

            #[test]
            fn postgres() {
                let system = crate::system($crate::Database::Postgres);
                let _shown = $crate::both::Shown::new(&system);
                on(&system);
            }
        }
    )*};
}

/// Makes two tests of a function that is given the kind of database and starts what it needs.
#[macro_export]
macro_rules! on_each {
    ($($(#[$note:meta])* fn $name:ident($database:ident: Database) $body:block)*) => {$(
        $(#[$note])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn on($database: $crate::Database) $body

            #[test]
            fn sqlite() {
                on($crate::Database::Sqlite);
            }

            #[test]
            fn postgres() {
                on($crate::Database::Postgres);
            }
        }
    )*};
}

/// Shows the end of the services' logs when a test fails on a system that it shares.
pub struct Shown<'a>(&'a System);

impl<'a> Shown<'a> {
    pub fn new(system: &'a System) -> Self {
        Self(system)
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0.logs(60));
        }
    }
}
