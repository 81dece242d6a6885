//! The programs under test, as they are built, and what they answered.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

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
#[derive(Debug)]
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

    /// The JSON document that it printed.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {}", self.told()))
    }

    /// Fails the test unless the program was refused, exit status 1, with this code somewhere in its answer.
    #[track_caller]
    pub fn refused(self, code: &str) -> Self {
        assert_eq!(self.code, Some(1), "{}", self.told());
        assert_eq!(code_in(&self.json()), Some(code.to_owned()), "{}", self.told());
        self
    }
}

/// The first member `code` in a document, at whatever depth.
fn code_in(document: &Value) -> Option<String> {
    match document {
        Value::Object(members) => members
            .get("code")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| members.values().find_map(code_in)),
        Value::Array(items) => items.iter().find_map(code_in),
        _ => None,
    }
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Ran {
    ran(command, |command| command.stdin(Stdio::null()).output())
}

/// Runs a command to its end, with this for its input.
#[track_caller]
pub fn run_with(command: &mut Command, input: &str) -> Ran {
    ran(command, |command| {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // A program that needs no input may have ended already.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
        child.wait_with_output()
    })
}

#[track_caller]
fn ran(command: &mut Command, how: impl FnOnce(&mut Command) -> std::io::Result<Output>) -> Ran {
    let name = command.get_program().to_string_lossy().into_owned();
    let Output { status, stdout, stderr } = how(command).unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: status.code(), output: text(stdout), errors: text(stderr) }
}
