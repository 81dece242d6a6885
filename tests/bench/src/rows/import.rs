//! The import of many people by `registryctl`, beside the rate of SealRecord.

use std::process::Command;
use std::time::Instant;

use km_tests::System;
use km_tests::program::run as run_program;
use km_tests::settings::registers;

use crate::measure::{Plan, Row, Title};

pub const IMPORT: Title = Title {
    name: "import",
    what: "import by registryctl, rows",
    ceiling: "SealRecord's rate in this run (row seal)",
    reach: 0.7,
    in_the_way: "client and registry share the two cores that SealRecord had to itself: of a person the registry stores 35 rows, on one thread",
};

/// Once: it is long enough by itself. `sealed`: SealRecord's rate, records a second.
pub fn run(plan: &Plan, system: &System, sealed: f64) -> Row {
    let file = system.folder().join("people.csv");
    let script = registers().join("../examples/people/make_people.py");
    run_program(Command::new("python3").arg(script).args(["--count", &plan.people.to_string(), "--out"]).arg(&file))
        .good();
    // The sender's key is enrolled and approved before.
    system.reader("backend");
    let begun = Instant::now();
    let ran = run_program(system.registryctl("backend").arg("import").arg(&file)).good();
    let rate = plan.people as f64 / begun.elapsed().as_secs_f64();
    assert_eq!(ran.json()["created"], plan.people, "{}", ran.told());
    eprintln!("import: {rate:.0} of {sealed:.0}");
    let note = format!("{} rows of up to 22 columns, once, batches as registryctl chooses them", plan.people);
    Row::of_pieces(IMPORT, &[(rate, sealed)], note)
}
