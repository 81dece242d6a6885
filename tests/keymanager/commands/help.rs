//! `--help` and `--version` of every program.

use std::process::Command;

use km_tests::program::{Ran, path, run};

/// Programs with their commands.
const PROGRAMS: [(&str, &[&str]); 6] = [
    ("keymanager-svc", &["init", "serve", "migrate", "check-config", "verify-audit", "backup", "restore", "invite"]),
    ("registry-svc", &["serve", "migrate", "check-config", "backup", "restore"]),
    ("kmctl", &[]),
    ("registryctl", &[]),
    ("dev-issuer", &["serve", "check-config", "code"]),
    ("softhsm-init", &[]),
];

fn ask(program: &str, arguments: &[&str]) -> Ran {
    run(Command::new(path(program)).args(arguments).env("NO_COLOR", "1"))
}

/// The commands that a program's own help lists.
fn listed(help: &str) -> Vec<String> {
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = commands.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_program_says_its_version() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (program, _) in PROGRAMS {
        let ran = ask(program, &["--version"]).good();
        let version =
            ran.output.trim().strip_prefix(&format!("{program} 0.1.0")).unwrap_or_else(|| panic!("{}", ran.told()));
        // Built from a work tree of git it names the commit, built from plain sources it does not.
        let commit = version.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
        match commit {
            Some(commit) => {
                assert!(commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{}", ran.told())
            }
            None => assert!(version.is_empty() && !root.join(".git").exists(), "{}", ran.told()),
        }
    }
}

#[test]
fn every_command_explains_itself_with_an_example() {
    for (program, commands) in PROGRAMS {
        let help = ask(program, &["--help"]).good().output;
        let found = listed(&help);
        for command in commands {
            assert!(found.iter().any(|name| name == command), "{program} --help does not list {command}:\n{help}");
        }
        if found.is_empty() {
            assert!(help.contains("Example"), "{program} --help has no example:\n{help}");
        }
        for command in found {
            let help = ask(program, &[&command, "--help"]).good().output;
            let inner = listed(&help);
            if inner.is_empty() {
                assert!(help.contains("Example"), "{program} {command} --help has no example:\n{help}");
            }
            for inner in inner {
                let help = ask(program, &[&command, &inner, "--help"]).good().output;
                assert!(help.contains("Example"), "{program} {command} {inner} --help has no example:\n{help}");
            }
        }
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_why() {
    for (program, _) in PROGRAMS {
        for arguments in [vec!["--no-such-option"], vec!["no-such-command"]] {
            let ran = ask(program, &arguments);
            assert_eq!(ran.code, Some(2), "{program} {arguments:?}: {}", ran.told());
            assert!(ran.output.is_empty() && !ran.errors.is_empty(), "{}", ran.told());
        }
    }
}
