//! Certificates that live for a minute: renewed and shown without a restart, while everybody goes on calling.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use km_proto::v1::RewrapStatusRequest;
use km_tests::identities::DEMO;
use km_tests::openssl::openssl;
use km_tests::program::run;
use km_tests::{Answer, Database, Options, System};
use serde_json::json;

const LIFE: u32 = 60;
const RENEWALS: usize = 3;
/// Three times two thirds of a life, and some breath.
const LONGEST: Duration = Duration::from_secs(180);

/// The serial number of the certificate that a listener shows to stock openssl.
fn shown(system: &System, base: &str) -> Option<String> {
    let root = system.public("ca.pem");
    let ran = run(Command::new("openssl")
        .args(["s_client", "-verify_return_error", "-connect", base.trim_start_matches("https://"), "-CAfile"])
        .arg(&root)
        .stdin(Stdio::null()));
    let file = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
    std::fs::write(&file, ran.output).expect("a file");
    let serial = openssl("x509 -noout -serial -in", &[&file]);
    std::fs::remove_file(&file).expect("a file less");
    (serial.code == Some(0)).then(|| serial.output.trim().to_owned())
}

/// Callers that never pause for long, and what went wrong for them.
struct Load {
    ended: AtomicBool,
    calls: AtomicUsize,
    failed: Mutex<Vec<String>>,
}

impl Load {
    fn call_until_the_end(&self, pause: Duration, call: impl Fn() -> Result<Answer, String>) {
        while !self.ended.load(Ordering::Relaxed) {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let fault = match call() {
                Ok(answer) if answer.status == 200 => None,
                Ok(answer) => Some(answer.text()),
                Err(error) => Some(error),
            };
            self.failed.lock().expect("faults").extend(fault);
            std::thread::sleep(pause);
        }
    }
}

fn three_renewals_break_no_request(database: Database) {
    let system = System::start(database, Options { lifetime: LIFE, registry: true, ..Options::default() });
    let key = system.key("mac", "HMAC-SHA-256");
    let path = format!("/v1/keys/{key}/mac");
    let body = || json!({"message": "AAAA"}).to_string().into_bytes();
    let kept = system.rest("backend");
    let registry = system.registry("caseworker");
    // A registry that never renews.
    let late = system.grpc_with(Some(system.certificate(DEMO, "registry", "late").files()));
    late.rewrap_status(RewrapStatusRequest {}).good();
    let load = Load { ended: AtomicBool::new(false), calls: AtomicUsize::new(0), failed: Mutex::default() };
    let (key_manager, registrys) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let call = || kept.try_send("POST", &path, Some("application/json"), body());
            load.call_until_the_end(Duration::from_millis(20), call);
        });
        // Each call on a connection of its own, with a token that the issuer signs meanwhile.
        scope.spawn(|| {
            let call = || system.rest("backend").try_send("POST", &path, Some("application/json"), body());
            load.call_until_the_end(Duration::from_millis(50), call);
        });
        // The registry asks the key manager for every list: its own certificate is renewed meanwhile too.
        scope.spawn(|| {
            let call = || registry.try_send("GET", "/v1/registers/individual/records?limit=1", None, Vec::new());
            load.call_until_the_end(Duration::from_millis(50), call);
        });
        let begun = Instant::now();
        let (mut key_manager, mut registrys) = (BTreeSet::new(), BTreeSet::new());
        while begun.elapsed() < LONGEST && (key_manager.len() <= RENEWALS || registrys.len() <= RENEWALS) {
            key_manager.extend(shown(&system, kept.base()));
            registrys.extend(shown(&system, registry.base()));
            std::thread::sleep(Duration::from_millis(500));
        }
        load.ended.store(true, Ordering::Relaxed);
        (key_manager, registrys)
    });
    let (failed, calls) = (load.failed.into_inner().expect("faults"), load.calls.into_inner());
    assert!(
        failed.is_empty(),
        "{} of {calls} failed: {:?}\n{}",
        failed.len(),
        &failed[..failed.len().min(5)],
        system.logs(20)
    );
    assert!(key_manager.len() > RENEWALS, "the key manager showed {key_manager:?}");
    assert!(registrys.len() > RENEWALS, "the registry showed {registrys:?}");
    assert!(calls > 1000, "there was no load");
    // Who did not renew is out, on the open connection too; an officer's workstation lives longer and is still admitted.
    late.rewrap_status(RewrapStatusRequest {}).refused("certificate-refused");
    let anew = system.grpc_with(Some(system.certificate(DEMO, "registry", "late").files()));
    assert!(anew.rewrap_status(RewrapStatusRequest {}).result.is_err());
    system.officer("officer").get("/v1/officer/enrolments").good();
    // So is the issuer: a program that fetches its own token is served.
    run(system.registryctl("backend").arg("list")).good();
}

/// Both databases at once, for most of it is waiting.
#[test]
fn three_renewals_under_load_break_no_request_on_either_database() {
    std::thread::scope(|scope| {
        let both = [Database::Sqlite, Database::Postgres]
            .map(|database| scope.spawn(move || three_renewals_break_no_request(database)));
        for one in both {
            one.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault));
        }
    });
}
