//! More than can be served: what is accepted is answered in time, the rest is told to come again, memory stays flat. And
//! callers who send or read a byte a second, or nothing at all, hold up nobody.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use km_test_support::wait_until;
use km_tests::{Client, Database, Options, System};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};

use super::callers::Callers;
use super::{RECOVERY, longest_wait};

/// Connections that ask without a pause: many more than threads and queue (256) take.
const CONNECTIONS: usize = 600;
/// How long each of two rounds lasts.
const ROUND: Duration = Duration::from_secs(6);
/// How much more memory a service may hold after the second round than after the first.
const MORE_MEMORY: u64 = 16 * 1024 * 1024;

/// What many callers met.
#[derive(Default)]
struct Met {
    accepted: usize,
    refused: usize,
    slowest: Duration,
    wrong: Vec<String>,
}

/// Asks on many connections at once for a while.
fn storm(client: &Client, path: &str, body: &Value) -> Met {
    let over = Arc::new(AtomicBool::new(false));
    let asking = (0..CONNECTIONS).map(|_| {
        let (client, path, body, over) = (client.clone(), path.to_owned(), body.clone(), Arc::clone(&over));
        km_tests::spawn(async move {
            let mut met = Met::default();
            while !over.load(Ordering::Acquire) {
                let begun = Instant::now();
                let outcome = client.ask(&path, &body).await;
                let took = begun.elapsed();
                match outcome {
                    Ok((200, _)) => {
                        met.accepted += 1;
                        met.slowest = met.slowest.max(took);
                    }
                    Ok((503, Some(retry))) if retry.parse::<u32>().is_ok_and(|seconds| seconds > 0) => met.refused += 1,
                    other => met.wrong.push(format!("{other:?} after {took:.1?}")),
                }
            }
            met
        })
    });
    let asking: Vec<_> = asking.collect();
    std::thread::sleep(ROUND);
    over.store(true, Ordering::Release);
    let mut all = Met::default();
    for met in asking {
        let met = km_tests::wait(met).expect("a caller");
        (all.accepted, all.refused) = (all.accepted + met.accepted, all.refused + met.refused);
        all.slowest = all.slowest.max(met.slowest);
        all.wrong.extend(met.wrong);
    }
    all
}

/// Bytes in memory of a service's process.
fn memory(system: &System, service: &'static str) -> u64 {
    km_test_support::process::status(system.process_id(service), "VmRSS") * 1024
}

/// Files and sockets that a service holds open.
fn handles(system: &System, service: &'static str) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", system.process_id(service))).expect("its files").count()
}

/// The median time of calls one after the other.
fn usual(call: impl Fn() -> u16) -> Duration {
    let mut times: Vec<_> = (0..30)
        .map(|_| {
            let begun = Instant::now();
            assert!([200, 201].contains(&call()));
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

#[test]
fn ten_times_what_can_be_served() {
    let _turn = super::heavy();
    let system = System::start(Database::Sqlite, Options { faulty_token: Some(""), ..super::options() });
    let _shown = km_tests::both::Shown::new(&system);
    let callers = Callers::of(&system);
    let key = system.key("sign", "RSA-4096");
    let sign = (format!("/v1/keys/{key}/sign"), json!({"message": "bWVzc2FnZQ", "algorithm": "RS256"}));
    let backend = system.rest("backend");
    assert_eq!(backend.post(&sign.0, sign.1.clone()).status, 200);
    let before = usual(|| callers.use_key().status);
    // The slowest of the signatures, and slower: a hundred a second at most, on any machine.
    system.orders("C_Sign slow 40");
    let mut held = Vec::new();
    for round in 0..2 {
        let met = storm(&system.rest("backend"), &sign.0, &sign.1);
        println!(
            "round {round}: {} accepted, the slowest after {:.1?}; {} refused; memory {} MiB",
            met.accepted,
            met.slowest,
            met.refused,
            memory(&system, "keymanager") >> 20
        );
        assert!(met.wrong.is_empty(), "{} wrong answers: {:#?}", met.wrong.len(), &met.wrong[..met.wrong.len().min(3)]);
        assert!(met.accepted > 0 && met.refused >= 9 * met.accepted, "that was no overload");
        assert!(met.slowest < longest_wait() * 2, "somebody waited {:.1?}", met.slowest);
        held.push(memory(&system, "keymanager"));
    }
    assert!(held[1] < held[0] + MORE_MEMORY, "memory grows: {held:?}");
    system.orders("");
    // Afterwards everything is as before.
    callers.is_well();
    let mut after = Duration::ZERO;
    assert!(
        wait_until(RECOVERY, || {
            after = usual(|| callers.use_key().status);
            after < before * 3 + Duration::from_millis(10)
        }),
        "a call took {before:.1?} before and takes {after:.1?} after"
    );
    callers.reckon();
}

#[test]
fn the_registry_meets_hundreds_at_once() {
    let _turn = super::heavy();
    let system = super::start(Database::Sqlite);
    let _shown = km_tests::both::Shown::new(&system);
    let callers = Callers::of(&system);
    let caseworker = system.registry("caseworker");
    let mut held = Vec::new();
    for round in 0..2 {
        let over = AtomicBool::new(false);
        let (met, slowest) = std::thread::scope(|scope| {
            // Who stores and opens meanwhile is answered in time too, with a result or 503.
            let other = scope.spawn(|| {
                let mut slowest = Duration::ZERO;
                while !over.load(Ordering::Acquire) {
                    let begun = Instant::now();
                    callers.store();
                    callers.open_first();
                    slowest = slowest.max(begun.elapsed());
                }
                slowest
            });
            let met = storm(&caseworker, "/v1/registers/individual/records?limit=100", &Value::Null);
            over.store(true, Ordering::Release);
            (met, other.join().expect("a caller"))
        });
        println!("round {round}: {} answered, {} refused, two others after {slowest:.1?}", met.accepted, met.refused);
        assert!(met.wrong.is_empty(), "{} wrong answers: {:#?}", met.wrong.len(), &met.wrong[..met.wrong.len().min(3)]);
        assert!(met.slowest < longest_wait() * 2, "somebody waited {:.1?}", met.slowest);
        held.push(memory(&system, "registry"));
    }
    assert!(held[1] < held[0] + MORE_MEMORY, "memory grows: {held:?}");
    callers.is_well();
    callers.reckon();
}

#[test]
fn the_slow_and_the_silent_hold_up_nobody() {
    const EACH: usize = 250;
    let _turn = super::heavy();
    let system = super::start(Database::Sqlite);
    let _shown = km_tests::both::Shown::new(&system);
    let callers = Callers::of(&system);
    let open_before = ["keymanager", "registry"].map(|service| handles(&system, service));
    let before = usual(|| callers.use_key().status);
    let root = system.public("ca.pem");
    let listeners = [system.rest_address(), system.registry_address()];
    let token = system.token("backend");
    for address in listeners {
        let over = Arc::new(AtomicBool::new(false));
        let held = Arc::new(AtomicUsize::new(0));
        let slow: Vec<_> = (0..4)
            .map(|kind| {
                let (over, held, root, token) = (Arc::clone(&over), Arc::clone(&held), root.clone(), token.clone());
                std::thread::spawn(move || hold(address, &root, kind, EACH, &token, &over, &held))
            })
            .collect();
        assert!(wait_until(RECOVERY, || held.load(Ordering::Acquire) >= 4 * EACH), "{held:?} connections");
        // While they all hold on, others are served as ever.
        let end = Instant::now() + Duration::from_secs(7);
        let (mut slowest, mut calls) = (Duration::ZERO, 0);
        while Instant::now() < end {
            for call in [Callers::use_key, Callers::store, Callers::open_first] {
                let begun = Instant::now();
                // A new connection each, for an open one would not show whether new ones are taken.
                let answer = call(&callers);
                assert!([200, 201].contains(&answer.status), "{}", answer.text());
                slowest = slowest.max(begun.elapsed());
                calls += 1;
            }
            let fresh = Instant::now();
            assert_eq!(system.anyone().get("/.well-known/jwks.json").status, 200);
            assert_eq!(system.registry("backend").get("/v1/registers/individual").status, 200);
            slowest = slowest.max(fresh.elapsed());
        }
        println!(
            "{} held connections; of {calls} calls the slowest took {slowest:.1?}, usual is {before:.1?}",
            4 * EACH
        );
        assert!(slowest < Duration::from_secs(1), "somebody waited {slowest:.1?}");
        over.store(true, Ordering::Release);
        slow.into_iter().for_each(|kind| kind.join().expect("slow callers"));
    }
    callers.is_well();
    let after = || ["keymanager", "registry"].map(|service| handles(&system, service));
    let closed = wait_until(RECOVERY * 2, || after().iter().zip(open_before).all(|(now, before)| *now <= before + 20));
    assert!(closed, "connections are left open: {open_before:?} before, {:?} after", after());
    callers.reckon();
}

#[test]
fn silent_connections_keep_no_registry_from_its_key_manager() {
    let _turn = super::heavy();
    let system = super::start(Database::Sqlite);
    let _shown = km_tests::both::Shown::new(&system);
    let callers = Callers::of(&system);
    let silent: Vec<_> = (0..500).map(|_| TcpStream::connect(system.grpc_address()).expect("a connection")).collect();
    // A new connection, while none of those has said a word and none is given up yet.
    system.kill("registry");
    let begun = Instant::now();
    system.start_registry();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:.1?}", begun.elapsed());
    assert_eq!(callers.store().status, 201);
    drop(silent);
    callers.reckon();
}

/// Holds so many connections of one kind until told to end. One that the service closes is opened anew.
fn hold(
    address: SocketAddr,
    root: &Path,
    kind: usize,
    count: usize,
    token: &str,
    over: &AtomicBool,
    held: &AtomicUsize,
) {
    let config = Arc::new(trusting(root));
    let mut open: Vec<Option<Slow>> = (0..count).map(|_| None).collect();
    let mut was_full = false;
    while !over.load(Ordering::Acquire) {
        let second = Instant::now() + Duration::from_secs(1);
        for place in &mut open {
            if place.as_mut().is_none_or(|slow| slow.go_on().is_err()) {
                *place = Slow::begin(address, &config, kind, token).ok();
            }
            if over.load(Ordering::Acquire) {
                return;
            }
        }
        if !was_full && open.iter().all(Option::is_some) {
            held.fetch_add(count, Ordering::AcqRel);
            was_full = true;
        }
        let _ = wait_until(second.saturating_duration_since(Instant::now()), || over.load(Ordering::Acquire));
    }
}

/// A connection at a byte a second.
enum Slow {
    /// Connected, and not a word of TLS.
    Silent(TcpStream),
    /// The head of a request, or its body, or the reading of an answer.
    Drip { stream: Box<rustls::StreamOwned<rustls::ClientConnection, TcpStream>>, rest: Vec<u8>, at: usize },
}

impl Slow {
    fn begin(
        address: SocketAddr,
        config: &Arc<rustls::ClientConfig>,
        kind: usize,
        token: &str,
    ) -> std::io::Result<Self> {
        let wire = TcpStream::connect(address)?;
        wire.set_nodelay(true)?;
        wire.set_read_timeout(Some(Duration::from_secs(10)))?;
        if kind == 0 {
            return Ok(Self::Silent(wire));
        }
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let connection = rustls::ClientConnection::new(Arc::clone(config), name).map_err(std::io::Error::other)?;
        let mut stream = rustls::StreamOwned::new(connection, wire);
        let authorised = format!("host: localhost\r\nauthorization: Bearer {token}\r\n");
        let (now, rest) = match kind {
            // 1. The head.
            1 => (String::from("GET /v1/keys HTTP/1.1\r\n"), format!("{authorised}\r\n")),
            // 2. The body.
            2 => {
                let head = format!("POST /v1/keys/none/mac HTTP/1.1\r\n{authorised}content-type: application/json\r\n");
                (format!("{head}content-length: 10000\r\n\r\n"), " ".repeat(10_000))
            }
            // 3. The answer is long, and read by the byte.
            _ => (format!("GET /openapi.json HTTP/1.1\r\n{authorised}\r\n").repeat(40), String::new()),
        };
        stream.write_all(now.as_bytes())?;
        stream.flush()?;
        Ok(Self::Drip { stream: Box::new(stream), rest: rest.into_bytes(), at: 0 })
    }

    /// A byte more.
    fn go_on(&mut self) -> std::io::Result<()> {
        match self {
            Self::Silent(wire) => {
                wire.set_nonblocking(true)?;
                match wire.peek(&mut [0]) {
                    Ok(0) => Err(std::io::ErrorKind::ConnectionReset.into()),
                    Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => Err(error),
                    _ => Ok(()),
                }
            }
            Self::Drip { stream, rest, .. } if rest.is_empty() => stream.read_exact(&mut [0]),
            Self::Drip { stream, rest, at } => {
                let byte = *rest.get(*at).ok_or(std::io::ErrorKind::UnexpectedEof)?;
                *at += 1;
                stream.write_all(&[byte])?;
                stream.flush()
            }
        }
    }
}

fn trusting(root: &Path) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).expect("a root")).expect("a root that can be trusted");
    rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
