//! What goes wrong at random: one thing at a time, and after each the system must come back by itself.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use km_test_support::wait_until;
use km_tests::Database;
use serde_json::json;

use crate::keys::Keys;
use crate::random::Random;
use crate::world::World;

/// Until everything is ready again after a fault.
const RETURN: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    KillKeyManager,
    KillRegistry,
    KillBoth,
    /// The token's files are moved away and back.
    TokenAway,
    /// Every call to the token answers with a code.
    TokenFails,
    /// Calls to the token do not return.
    TokenHangs,
    RestartPostgres,
    RotateKek,
    RotateKeys,
}

/// Codes of PKCS#11 2.40: general error, device error, device memory, device removed, session handle invalid, not logged in.
const CODES: [u32; 6] = [0x05, 0x30, 0x31, 0x32, 0xb3, 0x101];

impl Bad {
    /// What can happen to a process that goes on running, and rotations.
    pub const GENTLE: [Self; 6] =
        [Self::TokenAway, Self::TokenFails, Self::TokenHangs, Self::RestartPostgres, Self::RotateKek, Self::RotateKeys];
    pub const ALL: [Self; 9] = [
        Self::KillKeyManager,
        Self::KillRegistry,
        Self::KillBoth,
        Self::TokenAway,
        Self::TokenFails,
        Self::TokenHangs,
        Self::RestartPostgres,
        Self::RotateKek,
        Self::RotateKeys,
    ];

    /// Whether it can happen to this system.
    pub fn fits(self, world: &World) -> bool {
        self != Self::RestartPostgres || world.system.database == Database::Postgres
    }
}

/// Lets it happen, ends it, and waits until all is well; none of it is given up.
pub fn happen(world: &World, keys: &Keys, random: &mut Random, bad: Bad) {
    let time = Duration::from_millis(200 + random.below(3800));
    let system = &world.system;
    let mut what = format!("{bad:?}, {:.1} s", time.as_secs_f32());
    match bad {
        Bad::KillKeyManager => {
            system.kill("keymanager");
            std::thread::sleep(time);
            system.start_key_manager();
        }
        Bad::KillRegistry => {
            system.kill("registry");
            std::thread::sleep(time);
            system.start_registry();
        }
        Bad::KillBoth => {
            system.kill("registry");
            system.kill("keymanager");
            std::thread::sleep(time);
            system.start_key_manager();
            system.start_registry();
        }
        Bad::TokenAway => {
            let (here, away) = (system.token_objects(), system.folder().join("token-away"));
            std::fs::rename(&here, &away).expect("the token's files go");
            std::thread::sleep(time);
            // What the module may have made in their place is not the token.
            let _ = std::fs::remove_dir_all(&here);
            std::fs::rename(&away, &here).expect("the token's files come back");
        }
        Bad::TokenFails => {
            let code = CODES[random.index(CODES.len())];
            what = format!("{what}, {code:#x}");
            system.orders(&format!("* {code:#x}"));
            std::thread::sleep(time);
            system.orders("");
        }
        Bad::TokenHangs => {
            let order = ["* hang", "C_Sign hang", "C_UnwrapKey hang"][random.index(3)];
            what = format!("{what}, {order}");
            system.orders(order);
            std::thread::sleep(time);
            system.orders("");
        }
        Bad::RestartPostgres => {
            let how = ["fast", "immediate"][random.index(2)];
            what = format!("{what}, {how}");
            restart_postgres(how);
        }
        Bad::RotateKek => rotate(world, "kek"),
        Bad::RotateKeys => {
            rotate(world, &keys.signing);
            rotate(world, &keys.cipher);
        }
    }
    world.faults.fetch_add(1, Ordering::Relaxed);
    world.count("happened", &format!("{bad:?}"));
    let begun = std::time::Instant::now();
    if !wait_until(RETURN, || world.is_ready()) {
        world.wrong(format!("{what}: not ready after {} s\n{}", RETURN.as_secs(), system.logs(30)));
    }
    world.say(&format!("{what}; ready after {:.1} s", begun.elapsed().as_secs_f32()));
}

/// An officer's wish: it may be refused on a bad day, but not wrongly answered.
fn rotate(world: &World, key: &str) {
    let officer = world.system.officer("officer");
    let path = format!("/v1/officer/keys/{key}/rotate");
    let body = json!({}).to_string().into_bytes();
    match officer.try_send("POST", &path, Some("application/json"), body) {
        Ok(answer) => {
            world.count("rotate", &answer.status.to_string());
            if ![200, 409, 503].contains(&answer.status) {
                world.wrong(format!("rotate {key}: {}", answer.text()));
            }
        }
        Err(_) => world.count("rotate", "no answer"),
    }
}

fn restart_postgres(how: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/postgres.sh");
    let url = std::env::var("SEALKEEP_TEST_POSTGRES").expect("tests/soak/run.sh starts PostgreSQL");
    let folder = url.rsplit("host=").next().expect("a folder").to_owned();
    let ran = Command::new("bash")
        .args(["-c", "source \"$1\"; postgres_restart \"$2\" \"$3\"", "restart", script, &folder, how])
        .stdout(std::process::Stdio::null())
        .status();
    assert!(ran.is_ok_and(|status| status.success()), "PostgreSQL restarts");
}
