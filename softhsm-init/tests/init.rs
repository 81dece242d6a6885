//! The program from outside: what it makes, that it may be run again, that it overwrites nothing.

#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("softhsm-init-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn run(&self, label: &str) -> Output {
        run(&["--json", "--label", label, "--dir", self.0.to_str().unwrap()])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_softhsm-init")).args(arguments).output().unwrap()
}

fn printed(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_second_run_finds_the_same_token_and_the_pins_stay() {
    let folder = Folder::new("again");
    let first = printed(&folder.run("one"));
    let pin = std::fs::read(first["pin_file"].as_str().unwrap()).unwrap();
    assert_eq!(pin.len(), 64);
    assert_eq!(printed(&folder.run("one")), first);
    assert_eq!(std::fs::read(first["pin_file"].as_str().unwrap()).unwrap(), pin);
    let other = printed(&folder.run("two"));
    assert_ne!(other["serial"], first["serial"]);
    assert_eq!(printed(&folder.run("one")), first);

    assert_eq!(mode(&folder.0), 0o700);
    for name in ["one.pin", "one.so-pin", "two.pin", "two.so-pin"] {
        assert_eq!(mode(&folder.0.join(name)), 0o600, "{name}");
    }
    let pins: Vec<_> = ["one.pin", "one.so-pin", "two.pin", "two.so-pin"]
        .map(|name| std::fs::read(folder.0.join(name)).unwrap())
        .to_vec();
    assert!((1..4).all(|n| !pins[..n].contains(&pins[n])), "each PIN is its own");
}

#[test]
fn a_pin_that_does_not_open_the_token_is_refused_and_nothing_is_overwritten() {
    let folder = Folder::new("wrong");
    let first = printed(&folder.run("one"));
    let pin_file = PathBuf::from(first["pin_file"].as_str().unwrap());
    let pin = std::fs::read(&pin_file).unwrap();

    std::fs::write(&pin_file, "0000000000000000").unwrap();
    let refused = folder.run("one");
    assert_eq!(refused.status.code(), Some(1));
    assert!(!String::from_utf8_lossy(&refused.stderr).contains("0000"));

    std::fs::remove_file(&pin_file).unwrap();
    assert_eq!(folder.run("one").status.code(), Some(1));
    assert!(!pin_file.exists(), "no new PIN for an old token");

    std::fs::write(&pin_file, &pin).unwrap();
    std::fs::set_permissions(&pin_file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(folder.run("one").status.code(), Some(1), "a PIN that others may read");
    std::fs::set_permissions(&pin_file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(printed(&folder.run("one")), first);
}

#[test]
fn a_run_that_was_interrupted_before_the_token_was_made_is_completed() {
    let folder = Folder::new("interrupted");
    printed(&folder.run("other"));
    std::fs::copy(folder.0.join("other.pin"), folder.0.join("one.pin")).unwrap();
    let made = printed(&folder.run("one"));
    assert_eq!(std::fs::read(folder.0.join("one.pin")).unwrap(), std::fs::read(folder.0.join("other.pin")).unwrap());
    assert_eq!(printed(&folder.run("one")), made);
}

#[test]
fn two_runs_at_once_make_one_token() {
    let folder = Folder::new("twice");
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| printed(&folder.run("one")))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(outputs.iter().all(|output| *output == outputs[0]));
    let tokens = std::fs::read_dir(folder.0.join("tokens")).unwrap().count();
    assert_eq!(tokens, 1);
}

#[test]
fn wrong_arguments_and_a_missing_module_have_their_exit_codes() {
    let folder = Folder::new("arguments");
    assert_eq!(run(&["--label", "x"]).status.code(), Some(2));
    assert_eq!(run(&["--nonsense"]).status.code(), Some(2));
    assert_eq!(folder.run("../x").status.code(), Some(2));
    assert!(!folder.0.exists(), "nothing is made for arguments that are wrong");
    let missing = run(&["--dir", folder.0.to_str().unwrap(), "--label", "x", "--module", "/nowhere.so"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nowhere.so"));
    assert!(run(&["--help"]).status.success());
    assert!(String::from_utf8_lossy(&run(&["--version"]).stdout).starts_with("softhsm-init "));
}
