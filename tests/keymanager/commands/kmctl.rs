//! `kmctl`: the officer's commands against a running key manager, and programs of other names.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use km_test_support::TestFolder;
use km_tests::program::{path, run};
use km_tests::{Options, System, on_each};
use serde_json::json;

on_each! {
    fn a_tenant_is_made_once_and_by_the_operators_only(database: Database) {
        let system = System::start(database, Options { registry: true, ..Options::default() });
        let made = run(system.kmctl("officer").args(["tenant", "create", "north"])).good().json();
        assert_eq!((&made["name"], &made["made"][0]), (&json!("north"), &json!("tenant north")));
        let again = run(system.kmctl("officer").args(["tenant", "create", "north"])).good().json();
        assert_eq!(again, json!({"name": "north", "made": []}));
        // Whoever is no officer has no officer's certificate.
        let ran = run(system.kmctl("backend").args(["tenant", "create", "south"]));
        assert_eq!(ran.code, Some(2), "{}", ran.told());
        assert_eq!(run(system.kmctl("officer").args(["tenant", "create", "No Name"])).code, Some(2));
        run(system.kmctl("officer").args(["tenant", "create", "system"])).refused("invalid-request");
        assert_eq!(system.rows.sql("SELECT name FROM tenant ORDER BY name"), "demo\nnorth\nother");
    }

    fn a_key_shows_where_it_was_born(database: Database) {
        let system = System::start(database, Options { registry: true, ..Options::default() });
        let key = system.key("sign", "P-256");
        run(system.kmctl("officer").args(["key", "rotate", &key])).good();
        let shown = run(system.kmctl("officer").args(["key", "show", &key])).good().json();
        let births: Vec<_> = (0..2).map(|at| shown["versions"][at]["born_at"].as_u64().expect("an index")).collect();
        assert!(births[0] < births[1], "{shown:#}");
    }
}

/// A shell program that says its own arguments.
fn program(folder: &Path, name: &str) {
    let file = folder.join(name);
    std::fs::write(&file, "#!/bin/sh\nprintf '%s|' \"$0\" \"$@\"\nexit 7\n").expect("a program");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("its mode");
}

#[test]
fn an_unknown_name_runs_the_program_of_that_name() {
    let (beside, elsewhere) = (TestFolder::new("beside"), TestFolder::new("elsewhere"));
    std::fs::copy(path("kmctl"), beside.path().join("kmctl")).expect("a copy");
    program(elsewhere.path(), "kmctl-hello");
    let search = format!("{}:{}", elsewhere.path().display(), std::env::var("PATH").expect("a path"));
    let kmctl =
        |arguments: &[&str]| run(Command::new(beside.path().join("kmctl")).args(arguments).env("PATH", &search));
    let said = |folder: &TestFolder, rest: &str| format!("{}/kmctl-hello|{rest}", folder.path().display());
    // On the path; arguments and exit status as they are.
    let ran = kmctl(&["hello", "one", "--two", "three four"]);
    assert_eq!((ran.code, ran.output), (Some(7), said(&elsewhere, "one|--two|three four|")));
    // Beside it comes first. What stood before the name is handed on.
    program(beside.path(), "kmctl-hello");
    let ran = kmctl(&["--as", "officer", "--endpoints", "e.json", "--json", "hello", "x"]);
    assert_eq!((ran.code, ran.output), (Some(7), said(&beside, "--endpoints|e.json|--as|officer|--json|x|")));
    // A command of its own is never somebody else's, and a path is no name.
    program(beside.path(), "kmctl-key");
    assert_eq!(kmctl(&["key"]).code, Some(2));
    for unknown in ["bye", "../kmctl-hello", "./hello"] {
        let ran = kmctl(&[unknown]);
        assert_eq!(ran.code, Some(2), "{}", ran.told());
        assert!(ran.output.is_empty() && !ran.errors.is_empty(), "{}", ran.told());
    }
}
