//! The issuer's key set away, slow, garbage, rotating: whoever is known goes on, whoever is not is refused at once, and health
//! says how it is.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use km_test_support::wait_until;
use km_tests::call::https;
use km_tests::forged::read;
use km_tests::identities::identity;
use km_tests::{Answer, Client, Database, Options, System, settings};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use super::valve::{Flow, Target, Valve};
use super::{RECOVERY, longest_wait, options};

/// A system whose services meet the issuer behind a valve; the test goes round it.
struct Behind {
    system: System,
    valve: Valve,
    issuer: SocketAddr,
    key: String,
}

impl Behind {
    fn start() -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let issuer = port.local_addr().expect("an address");
        drop(port);
        let (valve, front) = Valve::tcp(issuer);
        let options = Options { issuer_behind: Some((front, issuer.port())), ..options() };
        let system = System::start(Database::Sqlite, options);
        let key = system.key("mac", "HMAC-SHA-256");
        Self { system, valve, issuer, key }
    }

    /// A token of the issuer's newest key.
    fn token(&self) -> String {
        let secret = settings::secret_file(self.system.folder(), identity("backend").name);
        let secret = std::fs::read_to_string(secret).expect("a secret");
        let form = format!("grant_type=client_credentials&client_id=backend&client_secret={}", secret.trim());
        let issuer = Client::new(https(&self.system.public("ca.pem"), None), &format!("https://{}", self.issuer));
        let answer = issuer.send("POST", "/token", Some("application/x-www-form-urlencoded"), form.into_bytes()).good();
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Gives the issuer a new key; a token that is signed with it.
    fn rotated(&self) -> String {
        let kid = |token: &str| read(token).0["kid"].clone();
        let before = kid(&self.token());
        self.system.signal("issuer", "HUP");
        let mut token = String::new();
        let rotated = wait_until(RECOVERY, || {
            token = self.token();
            kid(&token) != before
        });
        assert!(rotated, "the issuer has no new key");
        token
    }

    /// What each service answers to a call with this token, and nobody waits long for it.
    fn answers(&self, token: &str) -> [Answer; 2] {
        let begun = Instant::now();
        let mac = format!("/v1/keys/{}/mac", self.key);
        let used = self.system.anyone().with_token(token).post(&mac, json!({"message": "bWVzc2FnZQ"}));
        let read = self.system.registry_anyone().with_token(token).get("/v1/registers/individual");
        assert!(begun.elapsed() < longest_wait() * 2, "both took {:.1?}", begun.elapsed());
        [used, read]
    }

    #[track_caller]
    fn accepted(&self, token: &str) {
        for answer in self.answers(token) {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }

    #[track_caller]
    fn refused(&self, token: &str) {
        for answer in self.answers(token) {
            answer.refused(401, "token-invalid");
        }
    }

    /// Waits until both services' health says this of the issuers.
    #[track_caller]
    fn health(&self, state: &str, status: u16) {
        let said = || [self.system.readiness(), self.system.registry_readiness()];
        let is_so = |said: &Option<(u16, Value)>| {
            said.as_ref().is_some_and(|(code, body)| *code == status && body["components"]["issuers"]["state"] == state)
        };
        assert!(wait_until(RECOVERY, || said().iter().all(is_so)), "{:#?}", said());
    }

    /// Both services take this token, after a while.
    #[track_caller]
    fn soon_accepted(&self, token: &str) {
        let taken = wait_until(RECOVERY, || self.answers(token).iter().all(|answer| answer.status == 200));
        assert!(taken, "{:#?}", self.answers(token).map(|answer| answer.text()));
    }
}

#[test]
fn known_keys_hold_and_unknown_ones_wait_for_a_better_day() {
    let issuer = Behind::start();
    let _shown = km_tests::both::Shown::new(&issuer.system);
    let old = issuer.token();
    issuer.accepted(&old);
    issuer.health("up", 200);
    let new = issuer.rotated();
    // 1. Away. Many tokens of an unknown key do not make many calls to the issuer.
    issuer.valve.set(Flow::Cut);
    let before = issuer.valve.taken();
    for _ in 0..50 {
        issuer.refused(&new);
    }
    issuer.accepted(&old);
    issuer.health("degraded", 200);
    let calls = issuer.valve.taken() - before;
    assert!(calls < 20, "{calls} calls to the issuer for 100 requests");
    // 2. Takes connections and says nothing: those who wait for it hold up nobody.
    issuer.valve.set(Flow::Stalled);
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while !over.load(Ordering::Acquire) {
                    issuer.refused(&new);
                }
            });
        }
        let mut slowest = Duration::ZERO;
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            let begun = Instant::now();
            issuer.accepted(&old);
            slowest = slowest.max(begun.elapsed());
        }
        over.store(true, Ordering::Release);
        assert!(slowest < Duration::from_secs(1), "a known caller waited {slowest:.1?}");
    });
    issuer.health("degraded", 200);
    // 3. Answers, but nothing that can be used.
    let impostor = Impostor::start(&issuer.system);
    issuer.valve.set(Flow::Cut);
    issuer.valve.direct(Target::Tcp(impostor.address));
    issuer.valve.set(Flow::Open);
    let name = issuer.system.issuer();
    let discovery = |issuer: &str| json!({"issuer": issuer, "jwks_uri": format!("{name}/jwks")}).to_string();
    let garbage = [
        ("200 OK", "<html>It works</html>".to_owned(), String::new()),
        ("200 OK", discovery(name), format!("{{\"keys\": [{}]}}", "{\"kty\": \"EC\", \"crv\": \"P-256\"}")),
        ("200 OK", discovery("https://somebody.example"), "{\"keys\": []}".to_owned()),
        ("200 OK", discovery(name), "x".repeat(2 * 1024 * 1024)),
    ];
    for (status, document, keys) in garbage {
        impostor.says(status, document.clone(), keys);
        let seen = impostor.asked();
        // Asked at least once by each service.
        assert!(wait_until(RECOVERY, || impostor.asked() >= seen + 3), "nobody asks");
        issuer.accepted(&old);
        issuer.refused(&new);
        issuer.health("degraded", 200);
    }
    // 4. Well again.
    issuer.valve.set(Flow::Cut);
    issuer.valve.direct(Target::Tcp(issuer.issuer));
    issuer.valve.set(Flow::Open);
    issuer.soon_accepted(&new);
    issuer.accepted(&old);
    issuer.health("up", 200);
}

#[test]
fn a_rotation_is_picked_up_and_a_withdrawn_key_is_dropped() {
    let issuer = Behind::start();
    let _shown = km_tests::both::Shown::new(&issuer.system);
    let first = issuer.token();
    issuer.accepted(&first);
    // The issuer keeps two former keys in its set.
    let mut tokens = vec![first.clone()];
    for _ in 0..3 {
        let token = issuer.rotated();
        issuer.soon_accepted(&token);
        tokens.push(token);
    }
    let kids: BTreeSet<String> = tokens.iter().map(|token| read(token).0["kid"].to_string()).collect();
    assert_eq!(kids.len(), 4);
    let dropped = wait_until(RECOVERY, || issuer.answers(&first).iter().all(|answer| answer.status == 401));
    assert!(dropped, "a withdrawn key is still accepted");
    tokens[1..].iter().for_each(|token| issuer.accepted(token));
}

#[test]
fn a_start_without_the_issuer_says_so_and_goes_on_when_it_is_there() {
    let issuer = Behind::start();
    let token = issuer.token();
    issuer.valve.set(Flow::Cut);
    issuer.system.kill("keymanager");
    issuer.system.start_key_manager();
    let said = wait_until(RECOVERY, || {
        issuer
            .system
            .readiness()
            .is_some_and(|(status, said)| status == 503 && said["components"]["issuers"]["state"] == "down")
    });
    assert!(said, "{:#?}", issuer.system.readiness());
    let mac = format!("/v1/keys/{}/mac", issuer.key);
    // No fault of the token: a caller who is told 401 would get a new one in vain.
    let asked = || issuer.system.anyone().with_token(&token).post(&mac, json!({"message": "bQ"}));
    assert!(!asked().refused(503, "unavailable").header("retry-after").is_empty());
    assert_eq!(issuer.system.anyone().get("/.well-known/jwks.json").status, 200);
    issuer.valve.set(Flow::Open);
    issuer.system.wait_until_ready();
    issuer.soon_accepted(&token);
}

/// Speaks with the issuer's own certificate, and says whatever the test wants.
struct Impostor {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    words: Arc<Mutex<(String, String, String)>>,
}

impl Impostor {
    fn start(system: &System) -> Self {
        let folder = system.folder().join("issuer");
        let config = Arc::new(server(&folder.join("certificate.pem"), &folder.join("key.pem")));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (asked, words) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::default()));
        let (count, said) = (Arc::clone(&asked), Arc::clone(&words));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, count, said) = (Arc::clone(&config), Arc::clone(&count), Arc::clone(&said));
                std::thread::spawn(move || {
                    let connection = rustls::ServerConnection::new(config).expect("TLS");
                    let _ = answer(&mut rustls::StreamOwned::new(connection, stream), &count, &said);
                });
            }
        });
        Self { address, asked, words }
    }

    /// From now on: the status of every answer, the discovery document, the key set.
    fn says(&self, status: &str, discovery: String, keys: String) {
        *self.words.lock().expect("words") = (status.to_owned(), discovery, keys);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Acquire)
    }
}

fn answer(
    stream: &mut (impl Read + Write),
    asked: &AtomicUsize,
    words: &Mutex<(String, String, String)>,
) -> std::io::Result<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let (status, discovery, keys) = words.lock().expect("words").clone();
    let body = if head.starts_with(b"GET /jwks") { keys } else { discovery };
    asked.fetch_add(1, Ordering::AcqRel);
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")?;
    stream.flush()
}

fn server(certificate: &Path, key: &Path) -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = CertificateDer::pem_file_iter(certificate).expect("a chain").map(|one| one.expect("PEM")).collect();
    rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key).expect("a key"))
        .expect("certificate and key belong together")
}
