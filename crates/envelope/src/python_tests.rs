//! Programs of others for tests: the scripts of a folder of `tests/fixtures/`, run by a Python that has the folder's packages.

use std::{
    env,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// Names the folder of Pythons, one for each folder of fixtures; `tests/run.sh` makes it.
const PYTHONS: &str = "SEALKEEP_TEST_PYTHONS";

/// What the folder's `read_ours.py` finds in a request; none, said on standard error, where nobody says which Python has its packages.
pub fn read_ours(folder: &str, request: &Value) -> Option<Value> {
    let Some(pythons) = env::var_os(PYTHONS).map(PathBuf::from) else {
        // Not by a macro: what that prints nobody sees of a test that passes.
        let word = format!(
            "SKIPPED: {PYTHONS} names no Python with the packages of tests/fixtures/{folder}/requirements.txt\n"
        );
        std::io::stderr().write_all(word.as_bytes()).unwrap();
        return None;
    };
    let python = pythons.join(folder).join("bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(folder).join("read_ours.py");
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{PYTHONS}, {}: {error}", python.display()));
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the other program refused something, see above");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
