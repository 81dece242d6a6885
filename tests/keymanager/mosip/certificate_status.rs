//! Whether a certificate was taken back: asked of a responder, and read from lists that are fetched.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use km_tests::{Options, System, on_each};
use serde_json::json;

use super::{
    master,
    pki::{AUTHORITY, PARTNER, Party, Wanted, is_trusted, trust, upload_partner},
};

/// openssl's responder for one authority; ends with the test.
struct Responder(Child);

impl Responder {
    fn of(authority: &Party, port: u16) -> Self {
        let at = |name: &str| authority.path(name);
        let mut child = Command::new("openssl")
            .args(["ocsp", "-port", &port.to_string(), "-ndays", "1", "-index"])
            .arg(at("index"))
            .arg("-CA")
            .arg(at("cert.pem"))
            .arg("-rsigner")
            .arg(at("cert.pem"))
            .arg("-rkey")
            .arg(at("key.pem"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("openssl ocsp");
        // It says when it listens. Not to be tried: it waits for ever for who connects and asks nothing.
        let mut said = BufReader::new(child.stderr.take().expect("its words")).lines();
        assert!(said.any(|line| line.is_ok_and(|line| line.contains("waiting"))), "the responder does not listen");
        std::thread::spawn(move || said.for_each(drop));
        Self(child)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// Serves these bytes to whoever asks for anything.
fn serve(listener: TcpListener, bytes: Arc<Mutex<Vec<u8>>>) {
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 4096]);
            let body = bytes.lock().expect("the bytes").clone();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
}

/// A list as it is served, DER.
fn list(authority: &Party) -> Vec<u8> {
    authority.list();
    authority.openssl("crl -in list.pem -outform DER -out list.crl");
    std::fs::read(authority.path("list.crl")).expect("a list")
}

#[track_caller]
fn within(seconds: u64, what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !what() {
        assert!(Instant::now() < end, "not within {seconds} s");
        std::thread::sleep(Duration::from_millis(300));
    }
}

on_each! {
    fn a_responder_is_asked_before_a_certificate_is_judged(database: Database) {
        let port = free_port();
        let mosip = format!("[mosip.trust]\nresponder = \"http://127.0.0.1:{port}/\"");
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, _] = Party::authorities(&system, "asked");
        trust(&backend, "AUTH", &[&root]);
        let [good, bad, unasked] = [(); 3].map(|()| root.partner(&system));
        root.revoke(&bad, "keyCompromise");
        root.revoke(&unasked, "keyCompromise");
        let responder = Responder::of(&root, port);
        assert!(is_trusted(&backend, "AUTH", &good.pem()));
        assert!(!is_trusted(&backend, "AUTH", &bad.pem()));
        upload_partner(&backend, "AUTH", &bad.pem()).refused_with(200, "KER-PCM-001");
        upload_partner(&backend, "AUTH", &good.pem()).response();
        // So are signatures in CBOR.
        let sign = json!({"payload": "e30", "applicationId": "OPENG2P", "referenceId": ""});
        let message = backend.ask_mosip("/coseSign1", sign).response()["signedData"].clone();
        for (partner, expected) in [(&unasked, "TRUST_CERT_PATH_NOT_VALID"), (&good, "TRUST_CERT_PATH_VALID")] {
            let request = json!({"coseSignedData": message, "certificateData": partner.pem(), "validateTrust": true, "domain": "AUTH"});
            assert_eq!(backend.ask_mosip("/coseVerify1", request).response()["trustValid"], expected);
        }
        // What it said is still known when it is away, and who was never asked after is passed over.
        drop(responder);
        assert!(!is_trusted(&backend, "AUTH", &bad.pem()));
        let begun = Instant::now();
        assert!(is_trusted(&backend, "AUTH", &root.partner(&system).pem()));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    /// Where every status must be known, a responder that is away leaves nobody trusted.
    fn a_responder_that_is_away_vouches_for_nobody(database: Database) {
        let port = free_port();
        let mosip = format!("[mosip.trust]\nresponder = \"http://127.0.0.1:{port}/\"\nrefuse_unknown_revocation = true");
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let backend = system.mosip("backend");
        let [root, _] = Party::authorities(&system, "away");
        trust(&backend, "AUTH", &[&root]);
        let [one, two] = [(); 2].map(|()| root.partner(&system));
        assert!(!is_trusted(&backend, "AUTH", &one.pem()));
        let _responder = Responder::of(&root, port);
        assert!(is_trusted(&backend, "AUTH", &two.pem()));
    }

    fn lists_are_fetched_from_configured_hosts_only(database: Database) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mosip = format!("[mosip.trust]\nrevocation_list_hosts = [\"127.0.0.1:{port}\"]\nrevocation_list_minutes = 1");
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let backend = system.mosip("backend");
        let names = |host: &str| format!("crlDistributionPoints=URI:http://{host}:{port}/list.crl\n");
        let root = Party::new(&system, None, Wanted { subject: "/O=Example/CN=root", extensions: AUTHORITY, ..Wanted::default() });
        let extensions = format!("{PARTNER}{}", names("127.0.0.1"));
        let [good, bad] = [(); 2].map(|()| Party::new(&system, Some(&root), Wanted { extensions: &extensions, ..Wanted::default() }));
        root.revoke(&bad, "superseded");
        let served = Arc::new(Mutex::new(list(&root)));
        serve(listener, Arc::clone(&served));
        trust(&backend, "AUTH", &[&root]);
        // Nobody has told yet where the list is.
        assert!(is_trusted(&backend, "AUTH", &bad.pem()));
        let further = format!("{AUTHORITY}{}", names("127.0.0.1"));
        let below = Party::new(&system, Some(&root), Wanted { subject: "/O=Example/CN=below", extensions: &further, ..Wanted::default() });
        trust(&backend, "AUTH", &[&below]);
        within(30, || !is_trusted(&backend, "AUTH", &bad.pem()));
        assert!(is_trusted(&backend, "AUTH", &good.pem()));
        // Another name of the same host was not configured.
        let elsewhere = format!("{AUTHORITY}{}", names("localhost"));
        let [other] = [Party::new(&system, None, Wanted { subject: "/O=Example/CN=other", extensions: &elsewhere, ..Wanted::default() })];
        let revoked = Party::new(&system, Some(&other), Wanted::default());
        other.revoke(&revoked, "superseded");
        *served.lock().expect("the bytes") = list(&other);
        trust(&backend, "AUTH", &[&other]);
        std::thread::sleep(Duration::from_secs(7));
        assert!(is_trusted(&backend, "AUTH", &revoked.pem()));
    }
}
