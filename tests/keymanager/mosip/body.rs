//! Large bodies: whole documents, few at a time, within bounds (C7).

use std::time::{Duration, Instant};

use km_test_support::process::{processor_time, status};
use km_test_support::wait_until;
use km_tests::mosip::{enveloped, to_decrypt, to_encrypt};
use km_tests::{Options, System, on_both, on_each};
use serde_json::{Value, json};

const MEBIBYTE: usize = 1024 * 1024;

/// What clients wait for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most memory that the process has had since the last call of [`forget_peak`], in bytes.
fn peak(process: u32) -> usize {
    bytes(process, "VmHWM")
}

fn bytes(process: u32, name: &str) -> usize {
    usize::try_from(status(process, name) * 1024).expect("a size")
}

/// From now on the peak counts anew (proc(5), `clear_refs`): starting may have taken more than there is now. Only root may do that to
/// the key manager; for others the peak of the start is where they begin.
fn forget_peak(process: u32) {
    if let Err(error) = std::fs::write(format!("/proc/{process}/clear_refs"), "5") {
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied, "{error}");
    }
}

/// Fifty mebibytes that do not repeat within a page.
fn document() -> Vec<u8> {
    (0..50 * MEBIBYTE).map(|at| (at * 31 + at / 251) as u8).collect()
}

on_each! {
    /// Four documents at once: each is answered, and together they take four times what one may.
    fn four_documents_at_once_are_answered(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), ..Options::default() });
        let (backend, process) = (system.mosip("backend"), system.process_id("keymanager"));
        let body = enveloped(to_encrypt("REGISTRATION", "ENCRYPT", document())).to_string().into_bytes();
        let size = body.len();
        forget_peak(process);
        let before = peak(process);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| backend.send("POST", "/encrypt", Some("application/json"), body.clone()).response());
            }
        });
        let grown = peak(process).saturating_sub(before);
        assert!(grown < 4 * 3 * size, "{} MiB for four bodies of {} MiB", grown / MEBIBYTE, size / MEBIBYTE);
        // Locked memory is not given back by every way that gives back other memory.
        assert!(wait_until(PATIENCE, || bytes(process, "VmRSS") < before + size), "four documents' memory was kept");
    }
}

on_each! {
    /// In a service of its own: what others call meanwhile would be measured too.
    fn a_document_of_fifty_mebibytes_goes_both_ways(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), ..Options::default() });
        let backend = system.mosip("backend");
        let document = document();
        let request = enveloped(to_encrypt("REGISTRATION", "ENCRYPT", &document)).to_string();
        let size = request.len();
        let process = system.process_id("keymanager");
        forget_peak(process);
        let before = peak(process);
        let used = || processor_time(process);
        let begun = used();
        let answer = backend.send("POST", "/encrypt", Some("application/json"), request.into_bytes()).response();
        let encrypted = used() - begun;
        let data = answer["data"].as_str().expect("data").to_owned();
        let begun = used();
        let opened = backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", &data)).response();
        let decrypted = used() - begun;
        assert!(km_tests::from_base64url(opened["data"].as_str().expect("data")) == document);
        let grown = peak(process).saturating_sub(before);
        // Less than the body itself it cannot be.
        assert!((size..3 * size).contains(&grown), "{} MiB for a body of {} MiB", grown / MEBIBYTE, size / MEBIBYTE);
        // Of the processor: on a machine with other work a clock says nothing.
        assert!(encrypted < PATIENCE && decrypted < PATIENCE, "{encrypted:?} {decrypted:?}");
    }
}

on_each! {
    /// Signed with its bytes in the JWS, and verified.
    fn a_document_of_fifty_mebibytes_is_signed(database: Database) {
        for (path, more) in [("/jwtSign", json!({})), ("/jwsSign", json!({"b64JWSHeaderParam": true, "validateJson": false}))] {
            let system = System::start(database, Options { mosip: Some(String::new()), ..Options::default() });
            let (backend, process) = (system.mosip("backend"), system.process_id("keymanager"));
            let of_key = json!({"applicationId": "OPENG2P", "referenceId": ""});
            let (mut sign, mut verify) = (of_key.clone(), of_key);
            (sign["dataToSign"], sign["includePayload"]) = (json!(km_tests::base64url(document())), json!(true));
            sign.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            let request = enveloped(sign).to_string().into_bytes();
            let size = request.len();
            forget_peak(process);
            let before = peak(process);
            let (begun, used) = (processor_time(process), || processor_time(process));
            let signed = backend.send("POST", path, Some("application/json"), request).response();
            verify["jwtSignatureData"] = signed["jwtSignedData"].clone();
            assert_eq!(backend.ask_mosip("/jwtVerify", verify).response()["signatureValid"], true);
            let grown = peak(process).saturating_sub(before);
            assert!((size..3 * size).contains(&grown), "{path}: {} MiB for a body of {} MiB", grown / MEBIBYTE, size / MEBIBYTE);
            assert!(used() - begun < 2 * PATIENCE, "{path}: {:?}", used() - begun);
        }
    }
}

on_both! {
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

on_each! {
    fn few_large_bodies_at_a_time_and_a_further_one_waits(database: Database) {
        let mosip = "plain_http = \"127.0.0.1:0\"\nlarge_bodies = 2\nlarge_body_wait_ms = 1500".to_owned();
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let (backend, token) = (system.mosip("backend"), system.token("backend"));
        let large = || backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", vec![7; 2 * MEBIBYTE]));
        large().response();
        let held: Vec<_> = (0..2).map(|_| system.unfinished_encrypt(&token, 4 * MEBIBYTE, "{")).collect();
        std::thread::sleep(Duration::from_millis(1000));
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

on_each! {
    /// As it ships: four at a time; the fifth waits for five seconds and is answered if its turn comes meanwhile.
    fn a_fifth_large_body_waits_for_five_seconds(database: Database) {
        let mosip = "plain_http = \"127.0.0.1:0\"".to_owned();
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let (backend, token) = (system.mosip("backend"), system.token("backend"));
        let large = || backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", vec![7; 2 * MEBIBYTE]));
        let mut held: Vec<_> = (0..4).map(|_| system.unfinished_encrypt(&token, 50 * MEBIBYTE, "")).collect();
        std::thread::sleep(Duration::from_millis(500));
        let begun = Instant::now();
        large().refused_with(503, "KER-KMS-500");
        let waited = begun.elapsed();
        assert!(waited >= Duration::from_millis(4900), "{waited:?}");
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let fifth = scope.spawn(large);
            std::thread::sleep(Duration::from_millis(1500));
            held.pop();
            fifth.join().expect("an answer").response();
        });
        assert!(begun.elapsed() >= Duration::from_millis(1400), "it did not wait");
    }
}

on_both! {
    fn where_no_documents_are_expected_bodies_are_small(system: &System) {
        let backend = system.mosip("backend");
        let request = json!({"applicationId": "KERNEL", "referenceId": "a".repeat(2 * MEBIBYTE)});
        assert_eq!(backend.ask_mosip("/generateSymmetricKey", request).status, 413);
    }

    fn coded_bodies_are_not_read(system: &System) {
        let backend = system.mosip("backend").with_header("content-encoding", "gzip");
        let answer = backend.ask_mosip("/encrypt", json!({}));
        assert_eq!(answer.body["response"], Value::Null);
        answer.refused_with(200, "KER-KMS-005");
    }
}
