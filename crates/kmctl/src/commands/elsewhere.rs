//! `kmctl NAME …` runs the program `kmctl-NAME`, when NAME is no command of ours.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{failure::Failure, online::Online};

/// Becomes the program: found beside this one, else on the path. What stood before NAME is handed on in front of its own
/// arguments. Returns only what kept it from starting.
pub fn run(words: &[OsString], online: &Online, json: bool) -> Failure {
    let Some((name, arguments)) = words.split_first() else { return Failure::Usage("a command is needed".to_owned()) };
    let Some(name) = name.to_str().filter(|name| is_name(name)) else { return unknown("(not a plain name)") };
    let error = Command::new(program(name)).args(handed_on(online, json)).args(arguments).exec();
    match error.kind() {
        io::ErrorKind::NotFound => unknown(name),
        _ => Failure::Unavailable(format!("kmctl-{name} cannot be run: {error}")),
    }
}

fn unknown(name: &str) -> Failure {
    Failure::Usage(format!("there is no command {name}, and no program kmctl-{name}; see kmctl --help"))
}

/// A name becomes a part of a file's name.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn program(name: &str) -> PathBuf {
    let file = PathBuf::from(format!("kmctl-{name}"));
    let beside = env::current_exe().ok().and_then(|own| Some(own.parent()?.join(&file)));
    beside.filter(|path| path.is_file()).unwrap_or(file)
}

fn handed_on(online: &Online, json: bool) -> Vec<OsString> {
    let mut words = Vec::new();
    if online.endpoints != Path::new(Online::ENDPOINTS) {
        words.extend(["--endpoints".into(), online.endpoints.clone().into_os_string()]);
    }
    if let Some(who) = &online.who {
        words.extend([OsString::from("--as"), who.into()]);
    }
    words.extend(json.then(|| OsStr::new("--json").to_owned()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        assert!(is_name("import-mosip") && is_name("x2"));
        for bad in ["", "-x", "../sh", "a/b", "A", "a b", "a.sh"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn what_stood_before_the_name_is_handed_on() {
        let online =
            |endpoints: &str, who: Option<&str>| Online { endpoints: endpoints.into(), who: who.map(Into::into) };
        assert!(handed_on(&online(Online::ENDPOINTS, None), false).is_empty());
        let words = handed_on(&online("e.json", Some("officer")), true);
        assert_eq!(words, ["--endpoints", "e.json", "--as", "officer", "--json"].map(OsString::from));
    }

    #[test]
    fn a_program_that_is_nowhere_is_a_wrong_command() {
        let failure = run(&["no-such-command".into()], &Online { endpoints: "e".into(), who: None }, false);
        assert_eq!(failure.exit_code(), 2);
        assert!(matches!(
            run(&["../sh".into()], &Online { endpoints: "e".into(), who: None }, false),
            Failure::Usage(_)
        ));
    }
}
