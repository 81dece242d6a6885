//! Law (i): every handler has a test file of its name.

use crate::laws::{Door, Laws};
use crate::sources::Tree;

pub fn untested(laws: &Laws, tree: &Tree) -> Vec<String> {
    laws.doors.iter().flat_map(|door| at(door, tree)).collect()
}

fn at(door: &Door, tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    let mut handlers = Vec::new();
    for path in tree.0.iter().map(|source| source.path.as_str()) {
        let Some(handler) = path.strip_prefix(&format!("{}/", door.folder)).and_then(|rest| rest.strip_suffix(".rs"))
        else {
            continue;
        };
        if handler == "mod" || handler.ends_with("/mod") || handler.ends_with("/tests") {
            continue;
        }
        handlers.push(handler);
        let name = format!("{}.rs", handler.rsplit('/').next().unwrap_or(handler));
        let tested = tree.0.iter().any(|source| {
            source.path.starts_with(&format!("{}/", door.tests)) && source.path.rsplit('/').next() == Some(&name)
        });
        match (tested, door.untested.iter().any(|known| known == handler)) {
            (false, false) => faults.push(format!("{path} has no {name} under {}", door.tests)),
            (true, true) => faults.push(format!("{path} has its test: take it off the list of the untested")),
            _ => {}
        }
    }
    for gone in door.untested.iter().filter(|known| !handlers.contains(&known.as_str())) {
        faults.push(format!("{}/{gone}.rs is listed as untested and does not exist", door.folder));
    }
    faults
}

#[test]
fn a_handler_without_a_test_and_a_stale_exception_are_faults() {
    let laws = Laws::parse(
        "[[doors]]\nfolder = \"svc/src/rest\"\ntests = \"tests/svc\"\nuntested = [\"keys/list\", \"show\", \"gone\"]\n",
    );
    let tree = crate::sources::made_up(&[
        ("svc/src/rest/mod.rs", ""),
        ("svc/src/rest/keys/list.rs", ""),
        ("svc/src/rest/keys/sign.rs", ""),
        ("svc/src/rest/show.rs", ""),
        ("svc/src/rest/random.rs", ""),
        ("tests/svc/show.rs", ""),
        ("tests/svc/keys/random.rs", ""),
    ]);
    let faults = untested(&laws, &tree);
    assert_eq!(
        faults,
        [
            "svc/src/rest/keys/sign.rs has no sign.rs under tests/svc",
            "svc/src/rest/show.rs has its test: take it off the list of the untested",
            "svc/src/rest/gone.rs is listed as untested and does not exist",
        ]
    );
}
