//! Large bodies: whole documents, few at a time, within bounds (C7).

use std::time::{Duration, Instant};

use km_test_support::process::{processor_time, status};
use km_test_support::wait_until;
use km_tests::mosip::{TIME, enveloped, to_decrypt, to_encrypt};
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

/// A PDF of one page whose content is so many bytes long.
fn pdf(length: usize) -> Vec<u8> {
    let head = [
        "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n".to_owned(),
        "2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n".to_owned(),
        "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>\nendobj\n".to_owned(),
        format!("4 0 obj\n<</Length {length}>>\nstream\n"),
    ];
    let (mut file, mut table) = (b"%PDF-1.7\n".to_vec(), "0000000000 65535 f \n".to_owned());
    for object in &head {
        table += &format!("{:010} 00000 n \n", file.len());
        file.extend_from_slice(object.as_bytes());
    }
    file.extend((0..length).map(|at| b"0123456789 re f\n"[at % 16]));
    file.extend_from_slice(b"\nendstream\nendobj\n");
    let end = file.len();
    let tail = format!("xref\n0 5\n{table}trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{end}\n%%EOF\n");
    file.extend_from_slice(tail.as_bytes());
    file
}

on_each! {
    /// Each call that documents are for takes less than three times the memory of its body, gives it back, and answers in time. In a
    /// service of its own: what others call meanwhile would be measured too.
    fn documents_of_fifty_mebibytes_are_served(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), ..Options::default() });
        let (backend, process) = (system.mosip("backend"), system.process_id("keymanager"));
        let idle = bytes(process, "VmRSS");
        let mut faults = Vec::new();
        let mut served = |path: &str, what: &str, request: Value| {
            let request = enveloped(request).to_string().into_bytes();
            let size = request.len();
            let is_idle = || bytes(process, "VmRSS") < idle + size / 2;
            assert!(wait_until(PATIENCE, is_idle), "memory was kept before {path} {what}");
            forget_peak(process);
            let (before, begun) = (peak(process), processor_time(process));
            let response = backend.send("POST", path, Some("application/json"), request).response();
            let (grown, used) = (peak(process).saturating_sub(before), processor_time(process) - begun);
            // Less than the body itself it cannot be. Of the processor: on a machine with other work a clock says nothing.
            if !(size..3 * size).contains(&grown) || used > PATIENCE {
                faults.push(format!("{path} {what}: {} MiB for a body of {} MiB, {used:?}", grown / MEBIBYTE, size / MEBIBYTE));
            }
            response
        };
        let of_key = |more: Value| {
            let mut request = json!({"applicationId": "OPENG2P", "referenceId": ""});
            request.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            request
        };
        let sealed = served("/encrypt", "", to_encrypt("REGISTRATION", "ENCRYPT", document()))["data"].clone();
        let sealed = sealed.as_str().expect("data");
        let data = km_tests::base64url(document());
        assert!(served("/decrypt", "", to_decrypt("REGISTRATION", "ENCRYPT", sealed))["data"] == data);
        for (path, unencoded) in [("/jwtSign", false), ("/jwsSign", false), ("/jwsSign", true), ("/jwtSign/v2", false), ("/jwsSign/v2", true)] {
            let request = of_key(json!({"dataToSign": data, "includePayload": true, "b64JWSHeaderParam": !unencoded}));
            let jws = served(path, if unencoded { "unencoded" } else { "" }, request)["jwtSignedData"].clone();
            let verified = served("/jwtVerify", path, of_key(json!({"jwtSignatureData": jws})));
            assert_eq!(verified["signatureValid"], true, "{path}");
        }
        for path in ["/signV2", "/signRawData"] {
            served(path, "", of_key(json!({"dataToSign": data})));
        }
        let text = "Selam! ".repeat(50 * MEBIBYTE / 7);
        let signature = served("/sign", "", json!({"data": text}))["signature"].clone();
        let valid = served("/validate", "", json!({"signature": signature, "data": text, "timestamp": TIME}));
        assert_eq!(valid["status"], "success");
        let sealed = served("/encryptWithPin", "", json!({"data": text, "userPin": "A12345"}))["data"].clone();
        assert!(served("/decryptWithPin", "", json!({"data": sealed, "userPin": "A12345"}))["data"] == text);
        crate::mosip::master(&backend, "RESIDENT");
        served("/cssign", "", json!({"data": data}));
        let json_text = km_tests::base64url(serde_json::to_vec(&data[..50 * MEBIBYTE]).expect("JSON"));
        for compressed in [false, true] {
            let request = json!({"applicationId": "OPENG2P", "referenceId": "ENCRYPT", "data": json_text, "enableDefCompression": compressed});
            let what = if compressed { "compressed" } else { "" };
            let sealed = served("/jwtEncrypt", what, request)["data"].clone();
            // So little may not become so much again.
            if !compressed {
                let request = json!({"applicationId": "OPENG2P", "referenceId": "ENCRYPT", "encData": sealed});
                assert!(served("/jwtDecrypt", what, request)["data"] == json_text);
            }
        }
        let request = of_key(json!({"timeStamp": TIME, "data": km_tests::base64url(pdf(50 * MEBIBYTE)), "lowerLeftX": 10, "lowerLeftY": 10, "upperRightX": 90, "upperRightY": 50, "reason": "x", "pageNumber": 1, "password": ""}));
        served("/pdf/sign", "", request);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
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
