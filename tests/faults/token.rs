//! The token fails in every way that PKCS#11 knows, hangs, crashes, is taken away.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use km_test_support::wait_until;
use km_tests::call::code;
use km_tests::openssl::{encrypt_oaep, verifies};
use km_tests::people::{draft, national_id};
use km_tests::{Answer, Client, Database, Options, System, base64url, from_base64url, on_each};
use serde_json::{Value, json};

/// Return codes of PKCS#11 2.40, section 3.4 of its header.
const CODES: [(&str, u32); 10] = [
    ("CKR_GENERAL_ERROR", 0x05),
    ("CKR_FUNCTION_FAILED", 0x06),
    ("CKR_DEVICE_ERROR", 0x30),
    ("CKR_DEVICE_MEMORY", 0x31),
    ("CKR_DEVICE_REMOVED", 0x32),
    ("CKR_SESSION_HANDLE_INVALID", 0xb3),
    ("CKR_TOKEN_NOT_PRESENT", 0xe0),
    ("CKR_USER_NOT_LOGGED_IN", 0x101),
    ("CKR_CRYPTOKI_NOT_INITIALIZED", 0x190),
    ("CKR_VENDOR_DEFINED", 0x8000_0001),
];

/// As shipped.
const DEADLINE: Duration = Duration::from_secs(2);
/// What a loaded machine may add.
const MARGIN: Duration = Duration::from_secs(2);
/// Until the token is in use again.
const RETURN: Duration = Duration::from_secs(20);

fn options() -> Options {
    Options { faulty_token: Some(""), deadline_ms: 2000, ..Options::default() }
}

/// A system with something of everything that needs the token, made while all was well.
struct Scene {
    system: System,
    signing: String,
    cipher: String,
    sealed: Value,
    signature: Value,
}

impl Scene {
    fn set(database: Database) -> Self {
        let system = System::start(database, options());
        let (signing, cipher) = (system.key("sign", "P-256"), system.key("encrypt", "AES-256"));
        let backend = system.rest("backend");
        let sealed = backend.post(&format!("/v1/keys/{cipher}/encrypt"), json!({"plaintext": "AAAA"})).good();
        let signature = backend.post(&format!("/v1/keys/{signing}/sign"), json!({"message": "AAAA"})).good();
        Self { system, signing, cipher, sealed, signature }
    }

    fn sign(&self) -> Answer {
        self.system.rest("backend").post(&format!("/v1/keys/{}/sign", self.signing), json!({"message": "AAAA"}))
    }

    fn encrypt(&self) -> Answer {
        let body = json!({"plaintext": "AAAA"});
        self.system.rest("backend").post(&format!("/v1/keys/{}/encrypt", self.cipher), body)
    }

    fn decrypt(&self) -> Answer {
        let body = json!({"ciphertext": self.sealed["ciphertext"]});
        self.system.rest("backend").post(&format!("/v1/keys/{}/decrypt", self.cipher), body)
    }

    /// Needs a public key and a record, and no token.
    fn verify(&self) -> Answer {
        let body = json!({
            "message": "AAAA", "signature": self.signature["signature"], "kid": self.signature["kid"],
            "algorithm": self.signature["algorithm"],
        });
        self.system.rest("backend").post(&format!("/v1/keys/{}/verify", self.signing), body)
    }

    fn component(&self, name: &str) -> Option<String> {
        let (_, document) = self.system.readiness()?;
        document["components"][name]["state"].as_str().map(str::to_owned)
    }

    /// Waits until everything answers again, by itself and in the same process; what was made before is still good.
    #[track_caller]
    fn resumes(&self, process: u32, what: &str) {
        assert!(
            wait_until(RETURN, || self.sign().status == 200),
            "{what}: no signatures again\n{}",
            self.system.logs(40)
        );
        assert!(
            wait_until(RETURN, || self.system.readiness().is_some_and(|(status, _)| status == 200)),
            "{what}: not ready"
        );
        assert_eq!(self.decrypt().good()["plaintext"], "AAAA", "{what}");
        self.encrypt().good();
        let signed = self.sign().good();
        let jwk = self.system.jwk(signed["kid"].as_str().expect("a key"));
        let signature = from_base64url(signed["signature"].as_str().expect("a signature"));
        assert!(verifies(self.system.folder(), &jwk, "ES256", &[0, 0, 0], &signature), "{what}: another key signed");
        assert_eq!(self.system.process_id("keymanager"), process, "{what}: the service was restarted");
    }

    #[track_caller]
    fn log_holds(&self) {
        self.system.key_manager(&["verify-audit"]).good();
    }
}

/// 503 with Retry-After, in time, naming the part.
#[track_caller]
fn refused_in_time(what: &str, call: impl FnOnce() -> Answer) {
    let begun = Instant::now();
    let answer = call();
    let took = begun.elapsed();
    assert_eq!(answer.status, 503, "{what}: {}", answer.text());
    assert!(
        answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1),
        "{what}: {:?}",
        answer.headers
    );
    let detail = answer.body["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("token") || detail.contains("busy"), "{what}: {}", answer.text());
    assert!(!answer.text().contains("CKR") && !answer.text().contains("C_"), "{what}: {}", answer.text());
    assert!(took < DEADLINE + MARGIN, "{what}: {took:?}");
}

#[track_caller]
fn everything_that_needs_it_is_refused(scene: &Scene, what: &str) {
    refused_in_time(what, || scene.sign());
    refused_in_time(what, || scene.encrypt());
    refused_in_time(what, || scene.decrypt());
    assert_eq!(scene.verify().good()["valid"], true, "{what}: verification goes on");
    let noticed = wait_until(RETURN, || scene.component("token").as_deref() == Some("down"));
    assert!(noticed, "{what}: /readyz does not say it");
    assert_eq!(scene.system.readiness().map(|(status, _)| status), Some(503), "{what}");
    assert_eq!(scene.component("database").as_deref(), Some("up"), "{what}");
    assert_eq!(scene.component("audit").as_deref(), Some("up"), "{what}");
    assert!(scene.system.ops("/livez").contains("true"), "{what}");
}

on_each! {
    fn every_code_of_every_call(database: Database) {
        let scene = Scene::set(database);
        let process = scene.system.process_id("keymanager");
        for (name, code) in CODES {
            scene.system.orders(&format!("* {code:#x}"));
            everything_that_needs_it_is_refused(&scene, name);
            scene.system.orders("");
            scene.resumes(process, name);
        }
        scene.log_holds();
    }

    /// One engine of the token fails, and the rest is well: it is nobody's input, and readiness says so.
    fn one_call_that_fails(database: Database) {
        let scene = Scene::set(database);
        let process = scene.system.process_id("keymanager");
        let rsa = scene.system.key("decrypt", "RSA-2048");
        let sealed = encrypt_oaep(scene.system.folder(), &scene.system.jwk(&format!("{rsa}.1")), b"a message");
        let sealed = json!({"ciphertext": base64url(&sealed)});
        let open = || scene.system.rest("backend").post(&format!("/v1/keys/{rsa}/decrypt"), sealed.clone());
        open().good();
        for call in ["C_Decrypt", "C_UnwrapKey", "C_Sign", "C_Encrypt"] {
            for code in [0x05, 0x30] {
                let what = format!("{call} {code:#x}");
                scene.system.orders(&what);
                match call {
                    "C_Decrypt" if code == 0x05 => refused_in_time(&what, || scene.decrypt()),
                    "C_Decrypt" => refused_in_time(&what, open),
                    "C_Encrypt" => refused_in_time(&what, || scene.encrypt()),
                    "C_Sign" => refused_in_time(&what, || scene.sign()),
                    _ => {
                        // Its handles are unwrapped anew.
                        assert!(wait_until(RETURN, || scene.component("token").as_deref() == Some("down")), "{what}");
                        refused_in_time(&what, || scene.sign());
                    }
                }
                let noticed = wait_until(RETURN, || scene.component("token").as_deref() == Some("down"));
                assert!(noticed, "{what}: /readyz does not say it");
                scene.system.orders("");
                scene.resumes(process, &what);
            }
        }
        scene.log_holds();
    }

    fn a_call_that_hangs_and_a_module_that_hangs(database: Database) {
        let scene = Scene::set(database);
        let process = scene.system.process_id("keymanager");
        for order in ["C_Sign hang", "* hang"] {
            scene.system.orders(order);
            refused_in_time(order, || scene.sign());
            assert_eq!(scene.verify().good()["valid"], true, "{order}: verification goes on");
            let noticed = wait_until(RETURN, || scene.component("token").as_deref() == Some("down"));
            assert!(noticed, "{order}: /readyz does not say it");
            refused_in_time(order, || scene.sign());
            assert!(scene.system.ops("/livez").contains("true"));
            scene.system.orders("");
            scene.resumes(process, order);
        }
        scene.log_holds();
    }

    /// Believed, it would change where new keys are kept, and which calls are refused for good.
    fn a_token_that_came_back_able_to_do_less_is_not_believed(database: Database) {
        let scene = Scene::set(database);
        let process = scene.system.process_id("keymanager");
        scene.system.orders("* 0x30");
        assert!(wait_until(RETURN, || scene.component("token").as_deref() == Some("down")));
        // CKR_MECHANISM_INVALID, from the trial of AES Key Wrap at each opening.
        scene.system.orders("C_WrapKey 0x70");
        let said = || scene.system.readiness().map(|(_, document)| document["components"]["token"].to_string());
        let told = wait_until(RETURN, || said().is_some_and(|said| said.contains("less than before")));
        assert!(told, "{:?}", said());
        refused_in_time("less than before", || scene.sign());
        scene.system.orders("");
        scene.resumes(process, "able to do all again");
        scene.log_holds();
    }

    fn the_tokens_files_are_taken_away_and_brought_back(database: Database) {
        let scene = Scene::set(database);
        let process = scene.system.process_id("keymanager");
        let (here, away) = (scene.system.token_objects(), scene.system.folder().join("away"));
        std::fs::rename(&here, &away).expect("the files go");
        let noticed = wait_until(RETURN, || scene.component("token").as_deref() == Some("down"));
        assert!(noticed, "/readyz does not say it");
        everything_that_needs_it_is_refused(&scene, "no files");
        std::fs::rename(&away, &here).expect("the files come back");
        scene.resumes(process, "the files are back");
        scene.log_holds();
    }

    fn a_module_that_crashes_takes_nothing_with_it(database: Database) {
        let scene = Scene::set(database);
        let reader = scene.system.reader("backend");
        let kept = scene.system.seal(&reader, &draft(&national_id()));
        let backend = scene.system.rest("backend");
        let body = json!({"message": "AAAA"}).to_string().into_bytes();
        let path = format!("/v1/keys/{}/sign", scene.signing);
        scene.system.orders("C_Sign die");
        let answer = backend.try_send("POST", &path, Some("application/json"), body);
        assert!(answer.is_err(), "the process should have ended: {answer:?}");
        scene.system.orders("");
        scene.system.kill("keymanager");
        scene.system.start_key_manager();
        scene.system.wait_until_ready();
        scene.resumes(scene.system.process_id("keymanager"), "after a crash");
        scene.system.read(&reader, &kept, &["given_name"]).expect("the record of before the crash");
        scene.log_holds();
    }

    /// Faults come and go while eight callers sign with four keys: an answer is a right signature of the right key or 503.
    fn under_load_nobody_gets_another_keys_signature(database: Database) {
        let scene = Scene::set(database);
        let keys: Vec<_> = (0..4).map(|_| scene.system.key("sign", "P-256")).collect();
        let (done, signed) = (AtomicBool::new(false), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for caller in 0..8 {
                let (key, system, done, signed) = (&keys[caller % 4], &scene.system, &done, &signed);
                scope.spawn(move || {
                    let backend = system.rest("backend");
                    let jwk = system.jwk(&format!("{key}.1"));
                    let message = [u8::try_from(caller).expect("few callers"); 3];
                    let body = json!({"message": base64url(message)});
                    while !done.load(Ordering::Relaxed) {
                        let answer = backend.post(&format!("/v1/keys/{key}/sign"), body.clone());
                        if answer.status == 200 {
                            let signature = from_base64url(answer.body["signature"].as_str().expect("a signature"));
                            assert!(verifies(system.folder(), &jwk, "ES256", &message, &signature), "another key signed");
                            signed.fetch_add(1, Ordering::Relaxed);
                        } else {
                            answer.refused(503, "unavailable");
                        }
                    }
                });
            }
            for code in [0x32, 0xb3, 0x05, 0x101] {
                let before = signed.load(Ordering::Relaxed);
                assert!(wait_until(RETURN, || signed.load(Ordering::Relaxed) > before + 8), "signatures are made");
                scene.system.orders(&format!("* {code:#x}"));
                assert!(wait_until(RETURN, || scene.component("token").as_deref() == Some("down")));
                scene.system.orders("");
            }
            let before = signed.load(Ordering::Relaxed);
            assert!(wait_until(RETURN, || signed.load(Ordering::Relaxed) > before + 8), "signatures are made again");
            done.store(true, Ordering::Relaxed);
        });
        scene.log_holds();
    }

    fn eight_sessions_are_enough(database: Database) {
        let options = Options { token_threads: 16, faulty_token: Some("sessions 8"), ..options() };
        let system = System::start(database, options);
        let (key, backend) = (system.key("sign", "P-256"), system.rest("backend"));
        let sign = |backend: &Client| backend.post(&format!("/v1/keys/{key}/sign"), json!({"message": "AAAA"}));
        // More callers than sessions: some wait their turn, all are served.
        let callers = |count: usize| -> Vec<Answer> {
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..count).map(|_| scope.spawn(|| sign(&backend))).collect();
                threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
            })
        };
        for answer in callers(32) {
            answer.good();
        }
        // And when the token is so slow that the turn does not come in time, the rest are told so.
        system.orders("sessions 8\nC_Sign slow 900");
        let answers = callers(64);
        let served = answers.iter().filter(|answer| answer.status == 200).count();
        // How many come in time depends on what else the machine does.
        assert!((1..64).contains(&served), "{served} were served");
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            assert!(!answer.refused(503, "unavailable").header("retry-after").is_empty());
        }
        system.orders("sessions 8");
        assert!(wait_until(RETURN, || sign(&backend).status == 200));
        system.key_manager(&["verify-audit"]).good();
    }

    /// A caller's bad input says nothing about the token.
    fn ten_thousand_bad_tags_leave_the_service_ready(database: Database) {
        let scene = Scene::set(database);
        let backend = scene.system.rest("backend");
        let ciphertext = scene.sealed["ciphertext"].as_str().expect("a ciphertext");
        let mut bytes = from_base64url(ciphertext);
        *bytes.last_mut().expect("a tag") ^= 1;
        let items: Vec<_> = (0..100).map(|_| json!({"ciphertext": base64url(&bytes)})).collect();
        for _ in 0..100 {
            let answer = backend.post(&format!("/v1/keys/{}/decrypt", scene.cipher), json!({"items": items}));
            let refused = answer.good();
            let results = refused["results"].as_array().expect("results");
            assert_eq!(results.len(), 100);
            assert!(results.iter().all(|result| code(&result["problem"]) == "not-opened"), "{}", results[0]);
            let (status, document) = scene.system.readiness().expect("an answer");
            assert_eq!(status, 200, "{document:#}");
        }
        assert_eq!(scene.decrypt().good()["plaintext"], "AAAA");
    }
}
