//! The soak: a whole system under mixed load on bad days. `tests/soak/run.sh` builds and runs it.
//!
//! Three parts. In the storm everything happens, kills too. Then both services are started anew and measured when they are
//! warm; in the long part nothing kills them, and at its end they must have no more than when they were measured. Last comes
//! the reckoning, after one more start: every record, every ciphertext, the log.

mod bad_days;
mod figures;
mod keys;
mod model;
mod random;
mod records;
mod world;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use km_test_support::{Module, wait_until};
use km_tests::program::run;
use km_tests::{Database, Options, System};
use serde_json::Value;

use crate::bad_days::{Bad, happen};
use crate::figures::Figures;
use crate::keys::{Caller, Keys};
use crate::random::Random;
use crate::records::Worker;
use crate::world::World;

const SERVICES: [&str; 2] = ["keymanager", "registry"];
const WORKERS: u64 = 4;
const CALLERS: u64 = 2;

struct Wishes {
    minutes: f64,
    seed: u64,
    database: Database,
    token: Module,
}

fn main() -> ExitCode {
    let Some(wishes) = wishes() else {
        eprintln!("usage: km-soak [--minutes NUMBER] [--seed NUMBER] [--postgres] [--kryoptic]");
        return ExitCode::from(2);
    };
    let Wishes { minutes, seed, database, token } = wishes;
    println!("seed {seed}; {minutes} minutes on {database:?} and {}", token.name());
    let options = Options {
        token,
        registry: true,
        faulty_token: Some(""),
        deadline_ms: 2000,
        terms_per_minute: 1_000_000,
        log_level: "warn",
        ..Options::default()
    };
    let world = World::new(System::start(database, options), seed);
    let keys = Keys { cipher: world.system.key("encrypt", "AES-256"), signing: world.system.key("sign", "P-256") };
    for who in ["backend", "caseworker"] {
        world.system.reader(who);
    }
    let kept = checkpoint(&world.system);
    let time = Duration::from_secs_f64(minutes * 60.0);
    let mut workers: Vec<_> = (0..WORKERS).map(|number| Worker::new(&world, number)).collect();
    let mut callers: Vec<_> = (0..CALLERS).map(|number| Caller::new(&world, &keys, number)).collect();
    std::thread::scope(|scope| {
        for worker in &mut workers {
            scope.spawn(|| worker.run());
        }
        for caller in &mut callers {
            scope.spawn(|| caller.run());
        }
        // Whatever happens there, the workers must end.
        let _end = Ends(&world);
        bad_days(&world, &keys, time);
    });
    start_anew(&world);
    world.say("reckoning");
    workers.iter_mut().for_each(Worker::reckon);
    callers.iter().for_each(Caller::reckon);
    log_holds(&world, &kept);
    report(&world, &workers)
}

fn wishes() -> Option<Wishes> {
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |time| time.as_secs());
    let mut wishes = Wishes { minutes: 30.0, seed, database: Database::Sqlite, token: Module::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--minutes" => wishes.minutes = arguments.next()?.parse().ok()?,
            "--seed" => wishes.seed = arguments.next()?.parse().ok()?,
            "--postgres" => wishes.database = Database::Postgres,
            "--kryoptic" => wishes.token = Module::Kryoptic,
            _ => return None,
        }
    }
    Some(wishes)
}

struct Ends<'a>(&'a World);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

fn bad_days(world: &World, keys: &Keys, time: Duration) {
    let mut random = Random::new(world.seed, 1 << 20);
    world.say("the storm: everything happens");
    happen_for(world, keys, &mut random, &Bad::ALL, time.mul_f64(0.5));

    start_anew(world);
    world.say("the long part: nothing is killed");
    for bad in Bad::GENTLE.into_iter().filter(|bad| bad.fits(world)) {
        happen(world, keys, &mut random, bad);
    }
    happen_for(world, keys, &mut random, &Bad::GENTLE, time.mul_f64(0.15));
    let before = measure(world, keys, &mut random);
    happen_for(world, keys, &mut random, &Bad::GENTLE, time.mul_f64(0.35));
    let after = measure(world, keys, &mut random);
    for (service, (before, after)) in SERVICES.into_iter().zip(before.into_iter().zip(after)) {
        println!("{service}: warm {before}; at the end {after}");
        for grown in after.grown_since(&before) {
            world.wrong(format!("{service} has grown: {grown}"));
        }
    }
    world.pause();
}

/// Lets things happen by chance, with some time between them.
fn happen_for(world: &World, keys: &Keys, random: &mut Random, what: &[Bad], time: Duration) {
    let end = Instant::now() + time;
    let fitting: Vec<Bad> = what.iter().copied().filter(|bad| bad.fits(world)).collect();
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(500 + random.below(5500)));
        let next = fitting[random.index(fitting.len())];
        happen(world, keys, random, next);
        if world.wrongs() > 50 {
            return world.say("too much is wrong to go on");
        }
    }
}

/// Both services when they are quiet. The token is opened anew before, because a module may keep memory for every object that
/// it ever made until it is initialised again.
fn measure(world: &World, keys: &Keys, random: &mut Random) -> Vec<Figures> {
    world.pause();
    happen(world, keys, random, Bad::TokenFails);
    // Connections that nobody uses are closed, and threads that wait for a hanging call return.
    std::thread::sleep(Duration::from_secs(10));
    let figures = SERVICES.map(|service| Figures::of(&world.system, service)).to_vec();
    world.resume();
    figures
}

/// Stops both services as a service manager does, and starts them.
fn start_anew(world: &World) {
    world.pause();
    for service in ["registry", "keymanager"] {
        let code = world.system.stop(service);
        if code != Some(Some(0)) {
            world.wrong(format!("{service} was asked to stop and ended with {code:?}\n{}", world.system.logs(30)));
        }
    }
    world.system.start_key_manager();
    world.system.wait_until_ready();
    world.system.start_registry();
    assert!(wait_until(Duration::from_secs(60), || world.is_ready()), "{}", world.system.logs(30));
    world.resume();
}

/// The log's newest checkpoint, as an auditor keeps it.
fn checkpoint(system: &System) -> Value {
    run(system.kmctl("auditor").args(["log", "checkpoint"])).good().json()
}

fn log_holds(world: &World, kept: &Value) {
    let ran = world.system.key_manager(&["verify-audit"]);
    if ran.code != Some(0) {
        world.wrong(format!("verify-audit: {}", ran.told()));
    }
    let file = world.system.folder().join("kept-checkpoint");
    std::fs::write(&file, kept.to_string()).expect("a file");
    let ran = run(world.system.kmctl("auditor").args(["log", "verify", "--from"]).arg(&file));
    if ran.code == Some(0) {
        println!("the log verifies: {}", ran.output.trim());
    } else {
        world.wrong(format!("kmctl log verify: {}", ran.told()));
    }
}

fn report(world: &World, workers: &[Worker<'_>]) -> ExitCode {
    println!();
    for (what, count) in world.counted() {
        println!("{count:9}  {what}");
    }
    let people: usize = workers.iter().map(|worker| worker.people.len()).sum();
    let faults = world.faults.load(std::sync::atomic::Ordering::Relaxed);
    println!("\nseed {}: {people} records, {faults} bad moments, {} things wrong", world.seed, world.wrongs());
    if world.wrongs() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
