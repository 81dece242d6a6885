//! Programs in Python, with the packages that they name.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// A Python that has the packages of these files, in a folder of its own under `target/`; they are installed on the first run. None,
/// with a word on stderr: they cannot be installed here.
pub fn python(name: &str, requirements: &[PathBuf]) -> Option<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(format!("python-{name}"));
    let (python, ready) = (folder.join("bin/python"), folder.join("installed"));
    if !ready.exists() {
        let succeeds =
            |command: &mut Command| command.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        install.args(requirements.iter().flat_map(|file| [Path::new("-r"), file.as_path()]));
        if !succeeds(Command::new("python3").args(["-m", "venv"]).arg(&folder)) || !succeeds(&mut install) {
            eprintln!("SKIPPED: the packages of {requirements:?} cannot be installed");
            return None;
        }
        std::fs::write(&ready, b"").expect("a file under target");
    }
    Some(python)
}
