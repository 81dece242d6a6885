//! Programs in Python, with the packages that they name.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

/// What a script of `tests/fixtures` answers to a text, with the packages of its folder's `requirements.txt`; `tests/run.sh` installs
/// those and says where. None, with a word on stderr: nobody has said so.
pub fn fixture_script(folder: &str, script: &str, text: &str) -> Option<String> {
    let Some(pythons) = std::env::var_os("SEALKEEP_TEST_PYTHONS").map(PathBuf::from) else {
        eprintln!("SKIPPED: SEALKEEP_TEST_PYTHONS names no Python with the packages of {folder}");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder).join(script);
    let mut command = Command::new(pythons.join(folder).join("bin/python"));
    let mut child =
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the folder's Python");
    child.stdin.take().expect("its input").write_all(text.as_bytes()).expect("a reader");
    let Output { status, stdout, .. } = child.wait_with_output().expect("its output");
    assert!(status.success(), "the other program refused something, see above");
    Some(String::from_utf8(stdout).expect("UTF-8"))
}

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
