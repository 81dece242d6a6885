//! Large bodies: whole documents, few at a time, within bounds (C7).

use std::time::{Duration, Instant};

use km_tests::mosip::{enveloped, to_decrypt, to_encrypt};
use km_tests::{Options, System, on_both, on_each};
use serde_json::{Value, json};

const MEBIBYTE: usize = 1024 * 1024;

/// The most memory that the process has had, in bytes.
fn peak(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    let kibibytes: usize = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
    kibibytes * 1024
}

on_both! {
    fn a_document_of_fifty_mebibytes_goes_both_ways(system: &System) {
        let backend = system.mosip("backend");
        let document: Vec<u8> = (0..50 * MEBIBYTE).map(|at| (at * 31 + at / 251) as u8).collect();
        let request = enveloped(to_encrypt("REGISTRATION", "ENCRYPT", &document)).to_string();
        let size = request.len();
        let before = peak(system.process_id("keymanager"));
        let begun = Instant::now();
        let answer = backend.send("POST", "/encrypt", Some("application/json"), request.into_bytes()).response();
        let encrypted = begun.elapsed();
        let data = answer["data"].as_str().expect("data").to_owned();
        let begun = Instant::now();
        let opened = backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", &data)).response();
        let decrypted = begun.elapsed();
        assert!(km_tests::from_base64url(opened["data"].as_str().expect("data")) == document);
        let grown = peak(system.process_id("keymanager")).saturating_sub(before);
        assert!(grown < 3 * size, "{} MiB for a body of {} MiB", grown / MEBIBYTE, size / MEBIBYTE);
        // The clients wait for ten seconds.
        assert!(encrypted < Duration::from_secs(10) && decrypted < Duration::from_secs(10), "{encrypted:?} {decrypted:?}");
    }

    fn a_body_beyond_the_limit_is_told_so(system: &System) {
        let backend = system.mosip("backend");
        let body = vec![b' '; 80 * MEBIBYTE + 1];
        match backend.try_send("POST", "/encrypt", Some("application/json"), body) {
            Ok(answer) => assert!(answer.refused_with(413, "KER-KMS-005").contains("83886080")),
            // It was refused while the client still sent.
            Err(reason) => assert!(!reason.contains("timed out"), "{reason}"),
        }
        backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", "Selam")).response();
    }
}

/// A body of this size that never ends; gives the connection back so that it stays open.
fn hanging(system: &System, token: &str, announced: usize) -> std::net::TcpStream {
    use std::io::Write;
    let address =
        system.mosip_http().base().trim_start_matches("http://").split('/').next().expect("an address").to_owned();
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    let head = format!(
        "POST /v1/keymanager/encrypt HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {announced}\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).expect("a head");
    stream
}

on_each! {
    fn few_large_bodies_at_a_time_and_a_further_one_waits(database: Database) {
        let mosip = "plain_http = \"127.0.0.1:0\"\nlarge_bodies = 2\nlarge_body_wait_ms = 1500".to_owned();
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let (backend, token) = (system.mosip("backend"), system.token("backend"));
        let large = || backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", vec![7; 2 * MEBIBYTE]));
        large().response();
        let held: Vec<_> = (0..2).map(|_| hanging(&system, &token, 4 * MEBIBYTE)).collect();
        std::thread::sleep(Duration::from_millis(300));
        let begun = Instant::now();
        let answer = large();
        answer.refused_with(503, "KER-KMS-500");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(begun.elapsed() >= Duration::from_millis(1400), "{:?}", begun.elapsed());
        // Small ones need no place.
        backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", "Selam")).response();
        drop(held);
        large().response();
    }
}

on_both! {
    fn coded_bodies_are_not_read(system: &System) {
        let backend = system.mosip("backend").with_header("content-encoding", "gzip");
        let answer = backend.ask_mosip("/encrypt", json!({}));
        assert_eq!(answer.body["response"], Value::Null);
        answer.refused_with(200, "KER-KMS-005");
    }
}
