//! OpenSPP: the key provider of `deploy/examples/openspp` for its version 2, as a program against running services; and its older modules,
//! whose client of MOSIP Keymanager goes over the dialect.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use km_tests::program::{Ran, run, run_with};
use km_tests::python::python;
use km_tests::{Options, System, on_both, on_each};
use serde_json::Value;

/// A Python with the packages of the provider and of the older modules' client.
fn with_packages() -> Option<PathBuf> {
    python("openspp", &[example("requirements.txt"), fixture("requirements.txt")])
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples/openspp").join(name)
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/openspp").join(name)
}

/// An installation of OpenSPP: a key in Sealkeep, a file with wrapped keys. Each call is a process of its own, so nothing is remembered.
struct OpenSpp {
    python: PathBuf,
    endpoints: PathBuf,
    kept: PathBuf,
    key: String,
}

impl OpenSpp {
    fn new(system: &System) -> Option<Self> {
        let kept = system.folder().join(format!("{}.sqlite", km_tests::call::request_id()));
        Some(Self {
            python: with_packages()?,
            endpoints: system.endpoints(),
            kept,
            key: system.key("encrypt", "AES-256"),
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(example("sealkeep_provider.py"));
        command.arg("--endpoints").arg(&self.endpoints).arg("--wrapped-keys").arg(&self.kept);
        command.args(["--key", &self.key]).args(arguments);
        command
    }

    fn ask(&self, arguments: &[&str], input: &str) -> Ran {
        run_with(&mut self.command(arguments), input)
    }

    #[track_caller]
    fn encrypt(&self, key_id: &str, place: &str, text: &str) -> String {
        self.ask(&["encrypt", key_id, "--aad", place], text).good().output.trim().to_owned()
    }

    fn decrypt(&self, key_id: &str, place: &str, ciphertext: &str) -> Ran {
        self.ask(&["decrypt", key_id, "--aad", place], ciphertext)
    }

    #[track_caller]
    fn opens(&self, key_id: &str, place: &str, ciphertext: &str, text: &str) {
        assert_eq!(self.decrypt(key_id, place, ciphertext).good().output, text);
    }

    #[track_caller]
    fn say(&self, arguments: &[&str]) -> String {
        self.ask(arguments, "").good().output.trim().to_owned()
    }

    /// Runs a statement on the wrapped keys, from outside of the provider.
    #[track_caller]
    fn sql(&self, statement: &str) -> String {
        let script = "import sqlite3, sys\nrows = sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])\nprint(*(row[0] for row in rows))";
        run(Command::new("python3").args(["-c", script]).arg(&self.kept).arg(statement)).good().output.trim().to_owned()
    }

    /// The versions of the key in Sealkeep under which the data keys are wrapped: one number for each.
    fn wrapped_under(&self) -> Vec<u32> {
        let wrapped = self.sql("SELECT wrapped FROM wrapped_keys ORDER BY name, version");
        let version = |text: &str| {
            let bytes = km_tests::from_base64url(text);
            let at = 3 + self.key.len();
            u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
        };
        wrapped.split(' ').map(version).collect()
    }
}

/// A refusal, of which neither value nor key can be learnt.
#[track_caller]
fn refused(ran: &Ran, why: &str) {
    assert_eq!((ran.code, ran.output.as_str()), (Some(1), ""), "{}", ran.told());
    assert!(ran.errors.starts_with("refused: ") && ran.errors.contains(why), "{}", ran.told());
    assert!(!ran.errors.contains("ID-") && ran.errors.lines().count() == 1, "{}", ran.told());
}

#[track_caller]
fn unavailable(ran: &Ran) {
    assert_eq!((ran.code, ran.output.as_str()), (Some(3), ""), "{}", ran.told());
    assert!(ran.errors.starts_with("unavailable: ") && ran.errors.contains("Nothing was changed"), "{}", ran.told());
    assert_eq!(ran.errors.lines().count(), 1, "{}", ran.told());
}

/// Where the version of the data key stands in a ciphertext.
fn version_in(ciphertext: &str) -> u32 {
    let bytes = STANDARD.decode(ciphertext).expect("base64");
    assert_eq!(bytes[..4], *b"SKO1");
    u32::from_be_bytes(bytes[4..8].try_into().expect("four bytes"))
}

on_both! {
    /// The data key rotated by OpenSPP, the key above it by an officer: all values still open, and say under which key they are.
    fn values_open_after_a_rotation_of_either_key(system: &System) {
        let Some(openspp) = OpenSpp::new(system) else { return };
        let end = system.log_end();
        let first = openspp.encrypt("pii_national_id", "res.partner,1", "ID-1 ሰላም");
        assert_eq!(openspp.say(&["rotate", "pii_national_id"]), "2");
        let second = openspp.encrypt("pii_national_id", "res.partner,2", "ID-2");
        let salted = openspp.ask(&["index", "pii_national_id"], "ID-1").good().output;
        assert_eq!([version_in(&first), version_in(&second)], [1, 2]);
        assert_eq!(system.rotate(&openspp.key), 2);
        let third = openspp.encrypt("financial_account", "res.partner,1", "ID-3");
        assert_eq!(openspp.wrapped_under(), [2, 1, 1, 1], "financial_account, pii_national_id twice, its salt");
        let all_open = || {
            openspp.opens("pii_national_id", "res.partner,1", &first, "ID-1 ሰላም");
            openspp.opens("pii_national_id", "res.partner,2", &second, "ID-2");
            openspp.opens("financial_account", "res.partner,1", &third, "ID-3");
            assert_eq!(openspp.ask(&["index", "pii_national_id"], "ID-1").good().output, salted);
        };
        all_open();
        assert_eq!(openspp.say(&["rewrap"]), "4");
        assert_eq!(openspp.wrapped_under(), [2; 4]);
        all_open();
        assert_eq!(openspp.say(&["versions", "pii_national_id"]), "1 2");
        assert_eq!(openspp.say(&["versions", "never_used"]), "");
        assert!(openspp.say(&["info"]).contains("'connection_status': 'connected'"));
        // Each use of the key in Sealkeep is in its log.
        let events = system.events_from("auditor", end);
        let count = |kind: &str| {
            events.iter().filter(|event| event["kind"] == kind && event["key"] == openspp.key.as_str()).count()
        };
        // Four data keys, and one for the test of the connection; what was opened from the file.
        assert_eq!(count("crypto.datakey"), 5);
        assert!(count("crypto.datakey_unwrap") >= 9, "{}", count("crypto.datakey_unwrap"));
        assert_eq!(count("crypto.rewrap"), 4);
    }

    fn what_was_altered_or_moved_is_refused(system: &System) {
        let Some(openspp) = OpenSpp::new(system) else { return };
        let value = openspp.encrypt("pii_phone", "res.partner,1,phone", "ID-900");
        openspp.say(&["rotate", "pii_phone"]);
        openspp.encrypt("pii_phone", "x", "ID-901");
        openspp.encrypt("pii_email", "x", "ID-902");
        let bytes = STANDARD.decode(&value).expect("base64");
        let tried = |bytes: &[u8]| openspp.decrypt("pii_phone", "res.partner,1,phone", &STANDARD.encode(bytes));
        assert_eq!(tried(&bytes).good().output, "ID-900");
        let altered = |at: usize| {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            changed
        };
        // Nonce, ciphertext, tag; shorter, longer.
        for changed in [altered(8), altered(20), altered(bytes.len() - 1), bytes[..bytes.len() - 1].to_vec(), [&bytes[..], &[0]].concat()] {
            refused(&tried(&changed), "altered");
        }
        // The wrong version: one that is there, and one that is not.
        let with_version = |version: u32| [&bytes[..4], &version.to_be_bytes(), &bytes[8..]].concat();
        assert_eq!(with_version(1), bytes);
        refused(&tried(&with_version(2)), "altered");
        for version in [0, 3, u32::MAX] {
            refused(&tried(&with_version(version)), "no version");
        }
        // Without the mark: what OpenSPP wrote before, and what is no ciphertext. None is given back as if it were a value.
        for other in [&altered(0)[..], &bytes[8..], &bytes[..35], b"ID-900", b""] {
            refused(&tried(other), "no ciphertext of this provider");
        }
        refused(&openspp.decrypt("pii_phone", "res.partner,1,phone", "ID-900"), "no ciphertext of this provider");
        // Another row, another field's key.
        refused(&openspp.decrypt("pii_phone", "res.partner,2,phone", &value), "altered");
        refused(&openspp.decrypt("pii_email", "res.partner,1,phone", &value), "altered");
        refused(&openspp.decrypt("pii_unknown", "res.partner,1,phone", &value), "no version");
        // Rows of the wrapped keys exchanged, or a wrapped key altered: Sealkeep refuses it.
        let swap = "UPDATE wrapped_keys SET wrapped = (SELECT wrapped FROM wrapped_keys WHERE name = 'data:pii_email') WHERE name = 'data:pii_phone' AND version = 1";
        let before = openspp.sql("SELECT wrapped FROM wrapped_keys WHERE name = 'data:pii_phone' AND version = 1");
        openspp.sql(swap);
        refused(&tried(&bytes), "wrapped data key");
        openspp.sql(&format!("UPDATE wrapped_keys SET wrapped = '{before}' WHERE name = 'data:pii_phone' AND version = 1"));
        assert_eq!(tried(&bytes).good().output, "ID-900");
    }

    fn a_key_that_the_client_may_not_use_is_refused(system: &System) {
        let Some(openspp) = OpenSpp::new(system) else { return };
        let closed = OpenSpp { key: system.key_for("encrypt", "AES-256", &["sealkeep-caseworker"]), ..OpenSpp::new(system).expect("as before") };
        let unknown = OpenSpp { key: "no-such-key".into(), ..OpenSpp::new(system).expect("as before") };
        for one in [&closed, &unknown] {
            refused(&one.ask(&["encrypt", "pii_phone"], "ID-1"), "key-not-found");
            assert_eq!(one.say(&["versions", "pii_phone"]), "", "nothing is kept of what was refused");
            assert!(one.say(&["info"]).contains("'connection_status': 'error'"));
        }
        openspp.encrypt("pii_phone", "", "ID-1");
    }

    /// Workers of one OpenSPP that need the same new key at once: one key comes of it, and every value opens.
    fn many_workers_make_one_key(system: &System) {
        let Some(openspp) = OpenSpp::new(system) else { return };
        openspp.say(&["versions", "pii_any"]);
        let workers: Vec<_> = (0..4).map(|_| {
            let mut command = openspp.command(&["encrypt", "pii_shared"]);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("a worker")
        }).collect();
        for worker in workers {
            let output = worker.wait_with_output().expect("a worker's end");
            assert!(output.status.success());
            openspp.opens("pii_shared", "", String::from_utf8_lossy(&output.stdout).trim(), "");
        }
        assert_eq!(openspp.say(&["versions", "pii_shared"]), "1");
    }

    /// The older modules' client with the settings of the README, and Python's requests with our root.
    fn the_older_modules_client_works_unchanged(system: &System) {
        let Some(python) = with_packages() else { return };
        let endpoints: Value = serde_json::from_slice(&std::fs::read(system.endpoints()).expect("endpoints.json")).expect("JSON");
        let text = |name: &str| endpoints[name].as_str().expect("a text").to_owned();
        let backend = &endpoints["identities"]["backend"];
        let secret = std::fs::read_to_string(backend["secret_file"].as_str().expect("a path")).expect("a secret");
        let client = |secret: &str| {
            let mut command = Command::new(&python);
            command.arg(fixture("modules_client.py")).arg("ID-77 ሰላም").env("REQUESTS_CA_BUNDLE", text("ca"));
            command.env("KEYMANAGER_API_BASE_URL", text("mosip")).env("KEYMANAGER_AUTH_URL", text("token"));
            command.env("KEYMANAGER_AUTH_CLIENT_ID", "backend").env("KEYMANAGER_AUTH_CLIENT_SECRET", secret);
            run(&mut command)
        };
        let did = client(secret.trim()).good().json();
        assert_eq!((&did["opened"], &did["valid"]), (&"ID-77 ሰላም".into(), &true.into()));
        assert_eq!(did["claims"]["name"], "ID-77 ሰላም");
        // Thumbprint, wrapped key, splitter, ciphertext and tag: a salt was given.
        assert_eq!(did["stored"].as_u64(), Some(32 + 256 + 14 + "ID-77 ሰላም".len() as u64 + 16));
        assert!(did["published"].as_u64().is_some_and(|count| count >= 2));
        client("not-the-secret").bad();
    }
}

on_each! {
    /// Key manager and issuer away, stalled and back: one clear word each time, and nothing is lost or half done.
    fn nothing_is_lost_while_the_service_is_away(database: Database) {
        let system = System::start(database, Options { registry: true, ..Options::default() });
        let Some(openspp) = OpenSpp::new(&system) else { return };
        let value = openspp.encrypt("pii_phone", "res.partner,1", "ID-1");
        let all_wait = || {
            unavailable(&openspp.decrypt("pii_phone", "res.partner,1", &value));
            unavailable(&openspp.ask(&["encrypt", "pii_phone"], "ID-2"));
            unavailable(&openspp.ask(&["encrypt", "pii_new"], "ID-3"));
            unavailable(&openspp.ask(&["rotate", "pii_phone"], ""));
            unavailable(&openspp.ask(&["rewrap"], ""));
            assert_eq!(openspp.say(&["versions", "pii_phone"]), "1");
            assert_eq!(openspp.say(&["versions", "pii_new"]), "");
        };
        let before = openspp.sql("SELECT wrapped FROM wrapped_keys");
        system.kill("keymanager");
        all_wait();
        system.start_key_manager();
        system.wait_until_ready();
        system.kill("issuer");
        all_wait();
        system.start_issuer_again();
        // Stalled: the provider does not wait for ever.
        system.signal("keymanager", "STOP");
        let begun = Instant::now();
        let ran = openspp.decrypt("pii_phone", "res.partner,1", &value);
        system.signal("keymanager", "CONT");
        unavailable(&ran);
        assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
        assert_eq!(openspp.sql("SELECT wrapped FROM wrapped_keys"), before);
        system.wait_until_ready();
        openspp.opens("pii_phone", "res.partner,1", &value, "ID-1");
        assert_eq!(openspp.say(&["rotate", "pii_phone"]), "2");
        openspp.opens("pii_phone", "res.partner,1", &value, "ID-1");
    }
}
