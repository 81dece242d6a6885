//! OpenG2P's two clients of MOSIP Keymanager, their requests as they send them, against the dialect: the Odoo module (encrypts,
//! decrypts, signs, verifies, publishes a key set) and the FastAPI helper (signs and verifies). Written from what those clients do, with
//! their checklist C1 to C15.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use km_test_support::wait_until;
use km_tests::mosip::TIME;
use km_tests::openssl::{P256, body_of, openssl, self_signed, sign_es256};
use km_tests::{Answer, Client, System, base64url, from_base64url, on_both};
use serde_json::{Value, json};

/// Applications that other people's clients use.
pub const POLICIES: &str = r#"
[[policies]]
app_id = "OTHERS"
key_validity_duration = 1095
pre_expire_days = 60
access_allowed = "somebody-else"
"#;

/// Calls of one list page of the Odoo module, and how many such pages are open at a time.
const PAGE: usize = 80;
const PAGES: usize = 8;
/// What both clients wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The token as either client fetches it: a form of three members. C15: a JWT with `exp`, and `expires_in` beside it.
fn token(system: &System) -> String {
    let file = system.folder().join("secrets/backend");
    let secret = std::fs::read_to_string(file).expect("a secret");
    let form = format!("client_id=backend&client_secret={}&grant_type=client_credentials", secret.trim());
    let issuer = Client::new(km_tests::call::https(&system.public("ca.pem"), None), system.issuer());
    let answer = issuer.send("POST", "/token", Some("application/x-www-form-urlencoded"), form.into_bytes()).good();
    assert!(answer["expires_in"].is_u64());
    let token = answer["access_token"].as_str().expect("a token").to_owned();
    let claims: Value =
        serde_json::from_slice(&from_base64url(token.split('.').nth(1).expect("claims"))).expect("JSON");
    assert!(claims["exp"].is_i64(), "{claims}");
    token
}

/// A client with the token in a cookie, as both send it, against the address of `endpoints.json`.
fn client(system: &System) -> Client {
    let endpoints: Value =
        serde_json::from_slice(&std::fs::read(system.endpoints()).expect("endpoints.json")).expect("JSON");
    let base = endpoints["mosip"].as_str().expect("the dialect's address");
    assert!(base.ends_with("/v1/keymanager"));
    let https = km_tests::call::https(&system.public("ca.pem"), None);
    Client::new(https, base).with_header("cookie", &format!("Authorization={}", token(system)))
}

/// What both clients do with every answer: a status from 400 on raises, and so does a response that is null or empty.
#[track_caller]
fn response(answer: Answer) -> Value {
    raising(answer).expect("the client would raise")
}

fn raising(answer: Answer) -> Result<Value, String> {
    let response = &answer.body["response"];
    let is_empty = response.is_null() || response.as_object().is_some_and(serde_json::Map::is_empty);
    if answer.status >= 400 || is_empty { Err(answer.text()) } else { Ok(response.clone()) }
}

/// The Odoo module, `g2p_encryption_keymanager`, with its default settings.
struct Odoo {
    client: Client,
    /// Drawn once for the provider and sent with every record.
    salt: String,
    aad: String,
}

impl Odoo {
    fn new(system: &System) -> Self {
        Self { client: client(system), salt: base64url([0xa5; 32]), aad: base64url([0x3c; 32]) }
    }

    fn envelope(request: Value) -> Value {
        json!({"id": "string", "version": "string", "requesttime": TIME, "metadata": {}, "request": request})
    }

    /// The same provider on another connection.
    fn again(&self) -> Self {
        Self { client: self.client.clone(), salt: self.salt.clone(), aad: self.aad.clone() }
    }

    fn crypto(&self, path: &str, data: &[u8]) -> Result<Vec<u8>, String> {
        let request = json!({"applicationId": "REGISTRATION", "referenceId": "ENCRYPT", "timeStamp": TIME, "data": base64url(data), "salt": self.salt, "aad": self.aad});
        let response = raising(self.client.post(path, Self::envelope(request)))?;
        Ok(from_base64url(response["data"].as_str().expect("data")))
    }

    /// Stores the raw bytes of what comes back.
    fn encrypt(&self, data: &[u8]) -> Vec<u8> {
        self.crypto("/encrypt", data).expect("encrypted")
    }

    fn decrypt(&self, stored: &[u8]) -> Result<Vec<u8>, String> {
        self.crypto("/decrypt", stored)
    }

    /// Always with payload, without certificate and hash; the text as Python writes JSON.
    fn sign(&self, payload: &str) -> String {
        let request = json!({"dataToSign": base64url(payload), "applicationId": "ID_REPO", "referenceId": "", "includePayload": true, "includeCertificate": false, "includeCertHash": false});
        response(self.client.post("/jwtSign", Self::envelope(request)))["jwtSignedData"]
            .as_str()
            .expect("a JWS")
            .to_owned()
    }

    fn verify(&self, jws: &str) -> bool {
        let request =
            json!({"jwtSignatureData": jws, "applicationId": "ID_REPO", "referenceId": "", "validateTrust": false});
        response(self.client.post("/jwtVerify", Self::envelope(request)))["signatureValid"]
            .as_bool()
            .expect("a truth value")
    }

    /// Two calls, by default neither with a reference id.
    fn certificates(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for application in ["REGISTRATION", "ID_REPO"] {
            let answer = self.client.get(&format!("/getAllCertificates?applicationId={application}"));
            let listed = answer.body["response"]["allCertificates"].clone();
            for entry in listed.as_array().expect("never null") {
                let text = |name: &str| entry[name].as_str().expect("a text").to_owned();
                found.push((text("keyId"), text("certificateData")));
            }
        }
        found
    }
}

/// The FastAPI helper, `KeymanagerCryptoHelper`, as a registry runs it.
struct FastApi {
    client: Client,
    application: &'static str,
}

impl FastApi {
    /// The payload as orjson writes it with sorted keys.
    fn canonical(payload: &Value) -> String {
        payload.to_string()
    }

    /// A detached signature, which must look like `header..signature`.
    fn sign(&self, payload: &Value) -> String {
        let request = json!({"dataToSign": base64url(Self::canonical(payload)), "applicationId": self.application, "referenceId": "", "includePayload": false, "includeCertificate": false, "includeCertHash": false});
        let jws = response(self.client.post("/jwtSign", Odoo::envelope(request)))["jwtSignedData"]
            .as_str()
            .expect("a JWS")
            .to_owned();
        assert!(jws.contains(".."), "{jws}");
        jws
    }

    fn verify(&self, jws: &str, payload: Option<&Value>, application: &str, reference: &str) -> Result<bool, String> {
        let actual = payload.map(|payload| base64url(Self::canonical(payload)));
        let request = json!({"jwtSignatureData": jws, "actualData": actual, "applicationId": application, "referenceId": reference, "certificateData": "", "validateTrust": false, "domain": "AUTH"});
        raising(self.client.post("/jwtVerify", Odoo::envelope(request)))
            .map(|response| response["signatureValid"] == true)
    }
}

on_both! {
    /// C1, C5, C6: a record written today opens after two rotations.
    fn odoo_keeps_its_records_through_rotations(system: &System) {
        let odoo = Odoo::new(system);
        let record = json!({"name": "ሰላም ተስፋዬ", "family_name": "Tesfaye", "address": "Addis Ababa", "birth_place": null}).to_string();
        let mut stored = Vec::new();
        for round in 0..3 {
            stored.push(odoo.encrypt(record.as_bytes()));
            // Drawn anew each time, although salt and AAD are not.
            stored.push(odoo.encrypt(record.as_bytes()));
            if round < 2 {
                let names = json!({"applicationId": "REGISTRATION", "referenceId": "ENCRYPT"});
                response(odoo.client.put("/revokeKey", Odoo::envelope(names)));
            }
        }
        assert_eq!(stored.iter().collect::<BTreeSet<_>>().len(), 6);
        assert_eq!(stored.iter().map(|bytes| &bytes[..32]).collect::<BTreeSet<_>>().len(), 3, "three keys");
        for bytes in &stored {
            assert_eq!(odoo.decrypt(bytes).as_deref(), Ok(record.as_bytes()));
        }
        // A provider that lost its salt, and a row that was altered.
        let other = Odoo { salt: base64url([1; 32]), ..Odoo::new(system) };
        assert!(other.decrypt(&stored[0]).is_err());
        let mut altered = stored[0].clone();
        *altered.last_mut().expect("a byte") ^= 1;
        assert!(odoo.decrypt(&altered).is_err());
    }

    /// C8, C9, C10: signed, verified, and verified elsewhere with the published keys.
    fn odoo_signs_and_publishes_its_keys(system: &System) {
        let odoo = Odoo::new(system);
        let payload = "{\"iss\": \"registry\", \"name\": \"\\u1230\\u120b\\u121d\", \"amount\": 1.0}";
        let jws = odoo.sign(payload);
        assert!(odoo.verify(&jws));
        let parts: Vec<&str> = jws.split('.').collect();
        assert_eq!(from_base64url(parts[1]), payload.as_bytes());
        let header: Value = serde_json::from_slice(&from_base64url(parts[0])).expect("JSON");
        let published = odoo.certificates();
        let (_, pem) = published.iter().find(|(kid, _)| header["kid"] == kid.as_str()).expect("the key is published");
        let file = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
        std::fs::write(&file, pem).expect("a file");
        let key = file.with_extension("pub");
        std::fs::write(&key, openssl("x509 -noout -pubkey -in", &[&file]).good().output).expect("a file");
        let (message, signature) = (file.with_extension("msg"), file.with_extension("sig"));
        std::fs::write(&message, format!("{}.{}", parts[0], parts[1])).expect("a file");
        std::fs::write(&signature, from_base64url(parts[2])).expect("a file");
        let arguments = format!("dgst -sha256 -verify {} -signature {}", key.display(), signature.display());
        openssl(&arguments, &[&message]).good();
        // Each is one certificate under an id of its own.
        assert_eq!(published.iter().map(|(kid, _)| kid).collect::<BTreeSet<_>>().len(), published.len());
        assert!(published.iter().all(|(_, pem)| pem.matches("BEGIN CERTIFICATE").count() == 1));
    }

    /// C9 with a blank reference id, the module's default: a token that brings its own certificate is believed by nobody.
    fn odoo_is_not_deceived_by_a_certificate_in_the_token(system: &System) {
        let odoo = Odoo::new(system);
        let (key, pem) = self_signed(system.folder(), P256, "thief");
        let header = json!({"alg": "ES256", "x5c": [body_of(&pem)]}).to_string();
        let input = format!("{}.{}", base64url(header), base64url("{}"));
        let forged = format!("{input}.{}", base64url(sign_es256(&key, input.as_bytes())));
        assert!(!odoo.verify(&forged));
    }

    /// A registry's answers to a partner, and a partner's request to the registry.
    fn fastapi_signs_answers_and_verifies_requests(system: &System) {
        let registry = FastApi { client: client(system), application: "REGISTRY" };
        let payload = json!({"header": {"sender_id": "registry", "ts": 1}, "message": {"name": "ሰላም", "slash": "a/b", "number": 1.5}});
        let jws = registry.sign(&payload);
        assert_eq!(registry.verify(&jws, Some(&payload), "REGISTRY", ""), Ok(true));
        assert_eq!(registry.verify(&jws, Some(&json!({"header": {}})), "REGISTRY", ""), Ok(false));
        assert_eq!(registry.verify(&jws, None, "REGISTRY", ""), Ok(false));
        // The partner: its certificate was uploaded under PARTNER_<SENDER>.
        let reference = format!("PARTNER_{}", km_tests::call::request_id().replace('-', "_").to_uppercase());
        let (key, pem) = self_signed(system.folder(), P256, "partner");
        let upload = json!({"applicationId": "REGISTRY", "referenceId": reference, "certificateData": pem});
        response(registry.client.post("/uploadOtherDomainCertificate", Odoo::envelope(upload)));
        let header = base64url(json!({"alg": "ES256"}).to_string());
        let input = format!("{header}.{}", base64url(FastApi::canonical(&payload)));
        let detached = format!("{header}..{}", base64url(sign_es256(&key, input.as_bytes())));
        assert_eq!(registry.verify(&detached, Some(&payload), "REGISTRY", &reference), Ok(true));
        assert_eq!(registry.verify(&detached, Some(&json!({})), "REGISTRY", &reference), Ok(false));
        assert_eq!(registry.verify(&detached, Some(&payload), "REGISTRY", ""), Ok(false));
        assert!(registry.verify(&detached, Some(&payload), "REGISTRY", "PARTNER_NOBODY").is_err());
        // An OAuth client assertion: attached.
        let openg2p = FastApi { client: client(system), application: "OPENG2P" };
        let request = json!({"dataToSign": base64url("{\"iss\":\"a\",\"exp\":1}"), "applicationId": "OPENG2P", "referenceId": "", "includePayload": true, "includeCertificate": false, "includeCertHash": false});
        let jws = response(openg2p.client.post("/jwtSign", Odoo::envelope(request)))["jwtSignedData"].as_str().expect("a JWS").to_owned();
        assert_eq!(openg2p.verify(&jws, None, "OPENG2P", ""), Ok(true));
    }

    /// C2, C3, C4, C12: the older variants are read, and every failure makes the clients raise.
    fn older_clients_are_read_and_failures_raise(system: &System) {
        let client = client(system);
        let sign = |envelope: Value| client.post("/jwtSign", envelope);
        let request = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "referenceId": ""});
        for envelope in [
            json!({"requesttime": "2026-11-22T09:30:00.123", "request": request}),
            json!({"id": "", "version": "", "requesttime": "2026-11-22T09:30:00", "metadata": null, "request": request}),
            json!({"id": null, "extra": [1], "request": {"dataToSign": "e30", "applicationId": "OPENG2P", "referenceId": "", "includePayload": null, "more": {}}}),
        ] {
            response(sign(envelope));
        }
        let verify = json!({"jwtSignatureData": "a.b.c", "actualData": null, "applicationId": "OPENG2P", "referenceId": "", "certificateData": "", "validateTrust": false, "domain": "DomainEnum.AUTH"});
        assert!(raising(client.post("/jwtVerify", Odoo::envelope(verify))).is_err());
        for bad in [json!({"dataToSign": "e30", "applicationId": "UNKNOWN", "referenceId": ""}), json!({"dataToSign": "e30", "applicationId": "", "referenceId": ""}), json!({})] {
            assert!(raising(sign(Odoo::envelope(bad))).is_err());
        }
        let without = Client::new(km_tests::call::https(&system.public("ca.pem"), None), client.base()).with_header("cookie", "Authorization=None");
        assert_eq!(without.post("/jwtSign", Odoo::envelope(request)).status, 401);
    }

    /// C7: files on their way to S3, whole in one call, up to what does not fit into the server's usual body.
    fn odoo_encrypts_files_of_any_size(system: &System) {
        let odoo = Odoo::new(system);
        for size in [1, 16, 4095, 4096, 1024 * 1024, 3 * 1024 * 1024 + 1, 12 * 1024 * 1024] {
            let file: Vec<u8> = (0..size).map(|at| (at * 7 + at / 256) as u8).collect();
            assert!(odoo.decrypt(&odoo.encrypt(&file)).as_ref() == Ok(&file), "{size} bytes");
        }
        assert!(odoo.crypto("/encrypt", b"").is_err(), "nothing is not encrypted");
    }

    /// C11: the list of an application holds for encrypt, decrypt and sign alike; the role alone is not enough.
    fn the_list_of_an_application_holds_for_every_use(system: &System) {
        let client = client(system);
        let names = |application: &str| json!({"applicationId": application, "referenceId": "ENCRYPT", "timeStamp": TIME, "data": base64url("text")});
        let allowed = response(client.post("/encrypt", Odoo::envelope(names("OPENG2P"))));
        let mut opened = names("OPENG2P");
        opened["data"] = allowed["data"].clone();
        response(client.post("/decrypt", Odoo::envelope(opened)));
        let sign = |application: &str| json!({"dataToSign": "e30", "applicationId": application, "referenceId": ""});
        response(client.post("/jwtSign", Odoo::envelope(sign("OPENG2P"))));
        let mut foreign = names("OTHERS");
        foreign["data"] = allowed["data"].clone();
        for (path, request, code) in [("/encrypt", names("OTHERS"), "KER-KMS-002"), ("/decrypt", foreign, "KER-CRY-012"), ("/jwtSign", sign("OTHERS"), "KER-JWS-108")] {
            let answer = client.post(path, Odoo::envelope(request));
            assert!(!answer.refused_with(200, code).is_empty(), "{path}");
            assert!(raising(answer).is_err());
        }
    }

    /// C13: eight people open a list page at once, and the module decrypts each row by itself. Every answer in time, none refused.
    fn list_pages_are_read_row_by_row_in_time(system: &System) {
        let odoo = Odoo::new(system);
        let rows: Vec<(String, Vec<u8>)> = (0..PAGE).map(|row| format!("{{\"name\": \"Person {row}\"}}")).map(|text| {
            let stored = odoo.encrypt(text.as_bytes());
            (text, stored)
        }).collect();
        let mut times: Vec<Duration> = std::thread::scope(|scope| {
            let pages = (0..PAGES).map(|_| {
                let (odoo, rows) = (odoo.again(), &rows);
                scope.spawn(move || {
                    let read = |(text, stored): &(String, Vec<u8>)| {
                        let begun = Instant::now();
                        assert_eq!(odoo.decrypt(stored).as_deref(), Ok(text.as_bytes()));
                        begun.elapsed()
                    };
                    rows.iter().map(read).collect::<Vec<_>>()
                })
            });
            let pages: Vec<_> = pages.collect();
            pages.into_iter().flat_map(|page| page.join().expect("a page")).collect()
        });
        times.sort();
        // Of 640 calls the slowest is the 99.9th percentile.
        assert_eq!(times.len(), PAGE * PAGES);
        let slowest = times[times.len() - 1];
        assert!(slowest < PATIENCE, "{slowest:?}");
        println!("of {} rows: median {:?}, slowest {slowest:?}", times.len(), times[times.len() / 2]);
    }

    /// C14: neither log, nor event, nor database holds what came in.
    fn nothing_that_is_sent_is_kept(system: &System) {
        let odoo = Odoo { salt: base64url("canary-salt-00"), aad: base64url("canary-aad-0000"), ..Odoo::new(system) };
        let stored = odoo.encrypt(b"canary-plaintext-000");
        odoo.decrypt(&stored).expect("decrypted");
        odoo.sign("{\"canary\": \"canary-payload-0000\"}");
        let mut needles = vec![token(system)];
        for text in ["canary-salt-00", "canary-aad-0000", "canary-plaintext-000", "{\"canary\": \"canary-payload-0000\"}"] {
            needles.extend([text.to_owned(), base64url(text)]);
        }
        // The log is written after the answer; what is refused leaves a line.
        let last = odoo.client.post("/nothing-here", Odoo::envelope(json!({})));
        assert!(wait_until(Duration::from_secs(10), || system.log_of("keymanager").contains(&last.request_id)));
        let log = system.log_of("keymanager");
        let database: Vec<Vec<u8>> = system.rows.files().iter().map(|file| std::fs::read(file).unwrap_or_default()).collect();
        for needle in &needles {
            assert!(!log.contains(needle.as_str()), "the log");
            let bytes = needle.as_bytes();
            assert!(!database.iter().any(|file| file.windows(bytes.len()).any(|window| window == bytes)), "the database");
        }
    }
}
