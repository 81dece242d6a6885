//! The disk full under state and database of either service: nothing is corrupted, callers are told, and the service goes on
//! when there is room.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use km_test_support::{TestDatabase, TestFolder, TestServer, wait_until};
use km_tests::database::Rows;
use km_tests::program::run;
use km_tests::{Database, System};

use super::callers::{Callers, down, lives};
use super::{RECOVERY, options};

/// A small disk, mounted until it is dropped, however the test ends.
struct Disk {
    at: PathBuf,
    /// Unmounts when its input ends.
    shell: Child,
}

impl Disk {
    /// None: only root may mount.
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=0700"), "sealkeep-test"])
            .arg(at)
            .stderr(Stdio::null())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            println!("a full disk was not tried: only root may mount one");
            return None;
        }
        let script = "trap '' INT TERM HUP; cat >/dev/null; umount -l \"$1\"";
        let shell = Command::new("sh").args(["-c", script, "disk"]).arg(at).stdin(Stdio::piped()).spawn();
        Some(Self { at: at.to_path_buf(), shell: shell.expect("a shell") })
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let ballast = std::fs::OpenOptions::new().create(true).append(true).open(self.ballast());
        let mut ballast = ballast.expect("a file");
        let mut piece = vec![0; 64 * 1024];
        while !piece.is_empty() {
            if ballast.write_all(&piece).is_err() {
                piece.truncate(piece.len() / 2);
            }
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("a file less");
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Fills a disk while callers go on, until they are told, and makes room again.
#[track_caller]
fn endure(callers: &Callers<'_>, disk: &Disk, part: &str, words: &str) {
    let system = callers.system;
    callers.forget_refusals();
    callers.while_calling(|| {
        disk.fill();
        let readiness = || if part == "audit" { system.readiness() } else { system.registry_readiness() };
        let said = wait_until(RECOVERY, || {
            // What little is freed meanwhile is taken too.
            disk.fill();
            down(&readiness()).iter().any(|down| down.starts_with(part))
                && callers.details().iter().any(|detail| detail.contains(words))
        });
        assert!(said, "{:#?} {:#?}", readiness(), callers.details());
        assert_eq!(callers.store().status, 503);
        assert_eq!(callers.public_keys().status, 200);
        lives(system);
        disk.make_room();
    });
    callers.is_well();
}

#[test]
fn sqlite() {
    // Before the system, so that they go after it.
    let folder = TestFolder::new("disks");
    let mut disks = Vec::new();
    let system = System::start_on(Database::Sqlite, options(), |state| {
        ["keymanager", "registry"].map(|service| {
            let at = folder.path().join(service);
            disks.extend(Disk::mount(&at, 24));
            let _ = std::fs::remove_dir(state.join(service));
            std::os::unix::fs::symlink(&at, state.join(service)).expect("a link");
            Rows::Sqlite(at.join("own.db"))
        })
    });
    let [keys, registry] = &disks[..] else { return };
    let _shown = km_tests::both::Shown::new(&system);
    let callers = Callers::of(&system);
    endure(&callers, keys, "audit", "the key manager's database is full");
    endure(&callers, registry, "database", "the registry's database is full");
    callers.reckon();
    // What was written is whole, also by SQLite's own judgement, and for a process that starts on it.
    for service in ["keymanager", "registry"] {
        system.kill(service);
    }
    for rows in [&system.rows, &system.registry_rows] {
        assert_eq!(rows.sql("PRAGMA integrity_check"), "ok");
        assert_eq!(rows.sql("PRAGMA foreign_key_check"), "");
    }
    system.start_key_manager();
    system.start_registry();
    callers.is_well();
    callers.reckon();
}

#[test]
fn postgres() {
    let server = TestServer::start();
    let folder = TestFolder::new("disks");
    let mut disks = Vec::new();
    let mut place = |name: &str| {
        let at = folder.path().join(name);
        disks.extend(Disk::mount(&at, 24));
        at
    };
    let places = ["keys", "registry"].map(&mut place);
    if disks.len() < 2 {
        return;
    }
    let owner = run(Command::new("stat").args(["-c", "%u:%g"]).arg(server.folder().join("data"))).good().output;
    for at in &places {
        // The folder of the test is its own; the server must be able to enter it.
        for (mode, path) in [("0711", folder.path()), ("0700", at)] {
            run(Command::new("chmod").arg(mode).arg(path)).good();
        }
        run(Command::new("chown").arg(owner.trim()).arg(at)).good();
    }
    let system = System::start_on(Database::Postgres, options(), |_| {
        [(); 2].map(|()| Rows::Postgres(Box::new(TestDatabase::within(&server, None))))
    });
    let _shown = km_tests::both::Shown::new(&system);
    // Whatever can grow moves to the small disks.
    for (number, (at, rows)) in places.iter().zip([&system.rows, &system.registry_rows]).enumerate() {
        server.query(&format!("CREATE TABLESPACE small{number} LOCATION '{}'", at.display()));
        for kind in ["TABLE", "INDEX"] {
            rows.sql(&format!("ALTER {kind} ALL IN TABLESPACE pg_default SET TABLESPACE small{number}"));
        }
    }
    let callers = Callers::of(&system);
    endure_growth(&callers, &disks[0], "the key manager's database is full");
    endure_growth(&callers, &disks[1], "the registry's database is full");
    callers.reckon();
}

/// As [`endure`]: a table that has room in its last page goes on for a while, so callers wait until there is none.
#[track_caller]
fn endure_growth(callers: &Callers<'_>, disk: &Disk, words: &str) {
    callers.forget_refusals();
    callers.while_calling(|| {
        disk.fill();
        let said = wait_until(RECOVERY, || callers.details().iter().any(|detail| detail.contains(words)));
        assert!(said, "{:#?}", callers.details());
        assert_eq!(callers.public_keys().status, 200);
        lives(callers.system);
        disk.make_room();
    });
    callers.is_well();
}
