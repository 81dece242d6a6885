//! The programs under test, as they are built.

use std::path::PathBuf;
use std::process::{Command, Output};

/// The folder of the programs, as the system names the file of a running one.
pub fn folder() -> PathBuf {
    let program = path("keymanager-svc").canonicalize().expect("the program's real path");
    program.parent().expect("a program lies in a folder").to_path_buf()
}

/// A program by its name.
pub fn path(name: &str) -> PathBuf {
    km_test_support::folder::program(name)
}

/// What a program did.
pub struct Ran {
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Ran {
    /// Both outputs, for the message of a failed test.
    pub fn told(&self) -> String {
        format!("code {:?}\n{}{}", self.code, self.output, self.errors)
    }

    /// Fails the test unless the program ended well.
    #[track_caller]
    pub fn good(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.told());
        self
    }

    /// Fails the test if the program ended well.
    #[track_caller]
    pub fn bad(self) -> Self {
        assert!(self.code.is_some_and(|code| code != 0), "{}", self.told());
        self
    }
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Ran {
    let name = command.get_program().to_string_lossy().into_owned();
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: status.code(), output: text(stdout), errors: text(stderr) }
}
