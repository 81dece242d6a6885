//! The configuration files that ship name every key that there is, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use km_test_support::TestFolder;
use km_tests::program::{path, run};

type Sections = BTreeMap<String, BTreeSet<String>>;

fn shipped(service: &str) -> String {
    let file = format!("{}/../deploy/config/{service}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).expect("a file that ships");
    // The quickstart fills in ports and paths: `@NAME@`, `@PORT:name@`. Comments have other @ in them.
    let is_place = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_:-".contains(&byte))
    };
    let (mut filled, mut rest) = (String::new(), text.as_str());
    while let Some((before, after)) = rest.split_once('@') {
        filled += before;
        match after.split_once('@').filter(|(name, _)| is_place(name)) {
            Some((name, beyond)) => {
                filled += if name.starts_with("PORT:") { "4711" } else { "/nowhere" };
                rest = beyond;
            }
            None => {
                filled.push('@');
                rest = after;
            }
        }
    }
    filled + rest
}

/// The keys of each section, those that stand behind a `#` among them; "" is the top.
fn sections(toml: &str) -> Sections {
    let (mut sections, mut section) = (Sections::new(), String::new());
    for line in toml.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
            sections.entry(section.clone()).or_default();
            continue;
        }
        let name = line.trim_start_matches("# ").split_once(" = ").map(|(name, _)| name);
        if let Some(name) = name
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'))
        {
            sections.entry(section.clone()).or_default().insert(name.to_owned());
        }
    }
    sections
}

/// The keys that the program knows in this section: it names them when it is given one that it does not know.
fn known(program: &str, toml: &str, section: &str) -> BTreeSet<String> {
    let folder = TestFolder::new("config");
    let file = folder.path().join("probe.toml");
    let probed = match section {
        "" => format!("no_such_key = 1\n{toml}"),
        _ => toml.replacen(&format!("[{section}]\n"), &format!("[{section}]\nno_such_key = 1\n"), 1).replacen(
            &format!("[[{section}]]\n"),
            &format!("[[{section}]]\nno_such_key = 1\n"),
            1,
        ),
    };
    std::fs::write(&file, probed).expect("a file");
    let told = run(Command::new(path(program)).arg("check-config").arg("--config").arg(&file)).bad().errors;
    let fault = told.split("no_such_key`, expected ").nth(1).unwrap_or_else(|| panic!("[{section}]: {told}"));
    let fault = fault.split(';').next().unwrap_or_default().lines().next().unwrap_or_default();
    fault.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_stands_in_the_file_that_ships() {
    for (service, program) in [("keymanager", "keymanager-svc"), ("registry", "registry-svc"), ("issuer", "dev-issuer")]
    {
        let toml = shipped(service);
        let sections = sections(&toml);
        for (section, keys) in &sections {
            let mut known = known(program, &toml, section);
            // Sections are keys of the top, and some of other sections.
            known.retain(|key| {
                let own = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
                !sections.contains_key(&own)
            });
            // Of the issuer's clients and people each entry shows what it needs.
            if ["clients", "people"].contains(&section.as_str()) {
                assert!(keys.is_subset(&known), "{service}.toml [{section}]");
            } else {
                assert_eq!(*keys, known, "{service}.toml [{section}]");
            }
        }
        let folder = TestFolder::new("config");
        let whole = folder.path().join("whole.toml");
        std::fs::write(&whole, &toml).expect("a file");
        let ran = run(Command::new(path(program)).arg("check-config").arg("--config").arg(&whole));
        // One program looks for the files that are named too, and they are nowhere; nothing else is wrong.
        let faults: Vec<_> =
            ran.errors.lines().filter(|line| !line.contains(" /nowhere/") && !line.is_empty()).collect();
        assert!(ran.code == Some(0) || faults.is_empty(), "{}", ran.told());
    }
}
