//! A fresh PKCS#11 token in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::folder::program;
use crate::{Module, TestFolder};

/// Set for the child in which a test that loads the module runs: the module's name and the token's directory.
const INSIDE: &str = "SEALKEEP_TEST_TOKEN";

pub struct TestToken {
    pub kind: Module,
    pub module: PathBuf,
    pub label: String,
    pub serial: String,
    pub pin_file: PathBuf,
    pub config_file: PathBuf,
    folder: TestFolder,
}

impl TestToken {
    /// Makes a token with the program `softhsm-init`.
    pub fn new() -> Self {
        Self::of(Module::default())
    }

    /// The same in another module: `softhsm-init` makes a token in any that offers an empty slot.
    pub fn of(kind: Module) -> Self {
        Self::in_folder(kind, TestFolder::new("token"))
    }

    /// Another token with the same objects, PIN and serial number, SoftHSM's only. No process may be writing to this one.
    pub fn copy(&self) -> Self {
        assert_eq!(self.kind, Module::SoftHsm, "how another module keeps its folder's name is not known here");
        let folder = TestFolder::new("token");
        crate::folder::copy(self.folder(), folder.path());
        let moved = |file: &Path| folder.path().join(file.strip_prefix(self.folder()).expect("a file of the token"));
        let (pin_file, config_file) = (moved(&self.pin_file), moved(&self.config_file));
        let config = std::fs::read_to_string(&self.config_file).expect("the configuration");
        let [from, to] = [self.folder(), folder.path()].map(|folder| folder.display().to_string());
        std::fs::write(&config_file, config.replace(&from, &to)).expect("the configuration");
        let Self { kind, module, label, serial, .. } = self;
        let (module, label, serial) = (module.clone(), label.clone(), serial.clone());
        Self { kind: *kind, module, label, serial, pin_file, config_file, folder }
    }

    /// The environment variable that a process which loads the module needs.
    pub fn environment(&self) -> (&'static str, &Path) {
        (self.kind.variable(), &self.config_file)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The token's objects on disk, for tests that take them away.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    fn in_folder(kind: Module, folder: TestFolder) -> Self {
        let module = kind.path();
        let config_file = kind.configure(folder.path());
        let output = Command::new(program("softhsm-init"))
            .args(["--label", "test", "--dir"])
            .arg(folder.path())
            .arg("--module")
            .arg(&module)
            .env(kind.variable(), &config_file)
            .output()
            .expect("softhsm-init runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "softhsm-init on {}: {errors}", module.display());
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("softhsm-init printed no {name}: {text}")).trim().to_owned()
        };
        Self {
            kind,
            module,
            label: value("label"),
            serial: value("serial"),
            pin_file: value("pin_file").into(),
            config_file,
            folder,
        }
    }
}

impl Default for TestToken {
    fn default() -> Self {
        Self::new()
    }
}

/// The main function of a test that loads modules into its own process: runs the test on a token of each kind, or of the
/// one that the first argument names. A module reads its configuration from the environment, and two in one process may
/// get into each other's way, so each runs in a child of this process, which has its variable from its start.
pub fn with_tokens(test: impl FnOnce(&TestToken)) -> ExitCode {
    if let Some(token) = inside() {
        test(&token);
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<Module> = match std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        Some(name) => vec![named(&name)],
        None => Module::ALL.to_vec(),
    };
    let failed = wanted.into_iter().filter(|kind| !holds(*kind)).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The main function of a program that has arguments of its own and needs one SoftHSM token.
pub fn with_token(program: impl FnOnce(&TestToken)) -> ExitCode {
    if let Some(token) = inside() {
        program(&token);
        return ExitCode::SUCCESS;
    }
    if holds(Module::SoftHsm) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The token of a process that is such a child.
fn inside() -> Option<TestToken> {
    let inside = std::env::var_os(INSIDE)?.into_string().expect("the name of a folder of ours");
    let (kind, folder) = inside.split_once('=').expect("a module and a folder");
    Some(TestToken::in_folder(named(kind), TestFolder::borrowed(Path::new(folder))))
}

fn named(name: &str) -> Module {
    let found = Module::ALL.into_iter().find(|module| module.name() == name);
    found.unwrap_or_else(|| panic!("no module is called {name}; there are {:?}", Module::ALL.map(Module::name)))
}

/// Runs the test in a child. A module that is not there fails its own test only, so that the others are heard too.
fn holds(kind: Module) -> bool {
    let run = || {
        let token = TestToken::of(kind);
        println!("--- {}: {}", kind.name(), token.module.display());
        let (name, value) = token.environment();
        Command::new(std::env::current_exe().expect("the path of the running test"))
            .args(std::env::args_os().skip(1))
            .env(name, value)
            .env(INSIDE, format!("{}={}", kind.name(), token.folder().display()))
            .status()
            .expect("the test starts again")
    };
    std::panic::catch_unwind(run).is_ok_and(|status| status.success())
}
