//! A fresh PKCS#11 token in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::TestFolder;
use crate::folder::program;

/// The module that tests use unless SEALKEEP_TEST_MODULE names another.
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// Set for the child in which a test that loads the module runs: the token's directory.
const INSIDE: &str = "SEALKEEP_TEST_TOKEN";
/// Where the module looks for its configuration.
const CONFIGURATION: &str = "SOFTHSM2_CONF";

pub struct TestToken {
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
        Self::in_folder(TestFolder::new("token"))
    }

    /// The environment variable that a process which loads the module needs.
    pub fn environment(&self) -> (&'static str, &Path) {
        (CONFIGURATION, &self.config_file)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The token's objects on disk, for tests that take them away.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    fn in_folder(folder: TestFolder) -> Self {
        let module = module();
        let output = Command::new(program("softhsm-init"))
            .args(["--label", "test", "--dir"])
            .arg(folder.path())
            .arg("--module")
            .arg(&module)
            .output()
            .expect("softhsm-init runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "softhsm-init: {errors}");
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("softhsm-init printed no {name}: {text}")).trim().to_owned()
        };
        Self {
            module,
            label: value("label"),
            serial: value("serial"),
            pin_file: value("pin_file").into(),
            config_file: value("config_file").into(),
            folder,
        }
    }
}

impl Default for TestToken {
    fn default() -> Self {
        Self::new()
    }
}

/// The module, which must be there: a test that needs a token is never skipped.
pub fn module() -> PathBuf {
    let module = std::env::var_os("SEALKEEP_TEST_MODULE").map_or_else(|| PathBuf::from(MODULE), PathBuf::from);
    assert!(
        module.exists(),
        "the PKCS#11 module {} is missing: install the package softhsm2, or name a module in SEALKEEP_TEST_MODULE",
        module.display()
    );
    module
}

/// The main function of a test that loads the module into its own process. The module reads its configuration from the
/// environment, so the test runs in a child of this process, which has the variable from its start.
pub fn with_token(test: impl FnOnce(&TestToken)) -> ExitCode {
    if let Some(path) = std::env::var_os(INSIDE) {
        test(&TestToken::in_folder(TestFolder::borrowed(Path::new(&path))));
        return ExitCode::SUCCESS;
    }
    let token = TestToken::new();
    let (name, value) = token.environment();
    let status = Command::new(std::env::current_exe().expect("the path of the running test"))
        .args(std::env::args_os().skip(1))
        .env(name, value)
        .env(INSIDE, token.folder())
        .status()
        .expect("the test starts again");
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(101))
}
