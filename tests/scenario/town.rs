//! A town of synthetic people in eight scripts, imported once for all steps that share a system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use km_tests::program::{Ran, run};
use km_tests::{Database, System};

/// People who keep every rule.
pub const GOOD: usize = 120;
/// Rows that break one.
pub const BAD: usize = 5;

/// What the import was given, and how it ended.
pub struct Town {
    pub file: PathBuf,
    /// In the order of the file, bad ones among them.
    pub rows: Vec<BTreeMap<String, String>>,
    pub import: Ran,
}

/// The town of this system, imported if it was not yet.
pub fn of(system: &System) -> &'static Town {
    static SQLITE: OnceLock<Town> = OnceLock::new();
    static POSTGRES: OnceLock<Town> = OnceLock::new();
    let mine = match system.database {
        Database::Sqlite => &SQLITE,
        Database::Postgres => &POSTGRES,
    };
    mine.get_or_init(|| {
        let file = system.folder().join("people.csv");
        make(&file, GOOD, BAD);
        let import = run(system.registryctl("backend").arg("import").arg(&file).args(["--batch", "50"]));
        Town { rows: rows(&file), file, import }
    })
}

impl Town {
    /// One of the people who keep every rule.
    pub fn person(&self, number: usize) -> &BTreeMap<String, String> {
        // The last rows of a town are good: bad ones stand after so many of the good.
        &self.rows[self.rows.len() - 1 - number]
    }

    pub fn national_id(&self, number: usize) -> &str {
        &self.person(number)["national_id"]
    }
}

/// Makes people as the tour does: the same ones every time.
pub fn make(file: &Path, good: usize, bad: usize) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples/people/make_people.py");
    let mut command = Command::new("python3");
    command.arg(script).args(["--count", &good.to_string(), "--bad", &bad.to_string(), "--out"]).arg(file);
    run(&mut command).good();
}

/// The rows of a CSV, as somebody else's program reads them.
pub fn rows(file: &Path) -> Vec<BTreeMap<String, String>> {
    let script =
        "import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], encoding='utf-8-sig')))))";
    let read = run(Command::new("python3").args(["-c", script]).arg(file)).good();
    serde_json::from_value(read.json()).expect("rows of texts")
}
