//! Subject keys moved to a new key-encryption key, until none is left on the old one.

use std::time::{Duration, Instant};

use km_test_support::wait_until;
use km_tests::System;

use crate::ceilings::token::{BareToken, rewrap_data_key};
use crate::measure::{Plan, Row, Title};

pub const REWRAP: Title = Title {
    name: "rewrap",
    what: "rewrap of subject keys",
    ceiling: "the token alone: unwrap, wrap, destroy",
    reach: 0.7,
    in_the_way: "one thread: token, commit and a count of what is left take turns",
};

/// How often the job is asked how far it is.
const LOOK: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3600);

/// All subject keys that the system has. The time runs from the order to rotate until the status says 0.
pub fn run(plan: &Plan, system: &System, token: &BareToken) -> Row {
    let (from, to) = (token.wrapping(), token.wrapping());
    let wrapped = token.wrapped_data_key(from);
    let mut keys = 0;
    let rounds: Vec<(f64, f64)> = (0..plan.repeats)
        .map(|_| {
            let alone = token.best(plan.time, |session| {
                rewrap_data_key(session, from, to, &wrapped);
                1
            });
            let begun = Instant::now();
            let version = system.rotate("kek");
            let mut looked = begun;
            let done = wait_until(LONGEST, || {
                if looked.elapsed() < LOOK {
                    return false;
                }
                looked = Instant::now();
                let (left, moved) = counts(system, version);
                keys = moved;
                left == 0
            });
            assert!(done, "the rewrap does not end");
            let rate = keys as f64 / begun.elapsed().as_secs_f64();
            eprintln!("rewrap: {rate:.0} of {alone:.0}");
            (rate, alone)
        })
        .collect();
    Row::of_pieces(REWRAP, &rounds, format!("{keys} subject keys, from the order to rotate until 0 are left"))
}

/// Subject keys on older versions, and on this one.
fn counts(system: &System, version: u64) -> (u64, u64) {
    let status = system.officer("officer").get("/v1/officer/rewrap").good();
    let all = status["key_encryption"].as_array().expect("versions");
    let of = |is_new: bool| {
        let those = all.iter().filter(|one| (one["version"] == version) == is_new);
        those.filter_map(|one| one["subject_keys"].as_u64()).sum()
    };
    (of(false), of(true))
}
