//! `/v1/officer/mosip…` and `kmctl import-mosip`: existing MOSIP Keymanagers moved in. Their databases and key stores were made by other
//! programs (`tests/fixtures/mosip/import/make_sources.py`), and so was all that their keys had encrypted and signed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use km_test_support::{Child, TestDatabase, wait_until};
use km_tests::mosip::{to_decrypt, to_encrypt};
use km_tests::openssl::{openssl, self_signed};
use km_tests::program::{Ran, run};
use km_tests::python::fixture_script;
use km_tests::{Client, Options, System, base64url, on_each};
use serde_json::{Value, json};

const VERSIONS: [&str; 3] = ["1.1", "1.2", "1.3"];

/// A source: its database, and the fixture's folder.
pub struct Source {
    database: TestDatabase,
    pub folder: PathBuf,
}

impl Source {
    pub fn load(version: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mosip/import").join(version);
        let database = TestDatabase::postgres();
        database.query(&std::fs::read_to_string(folder.join("source.sql")).expect("the fixture"));
        Self { database, folder }
    }

    pub fn samples(&self) -> Vec<Value> {
        self.made()["samples"].as_array().expect("samples").clone()
    }

    /// What the script kept of the trust stores.
    pub fn stores(&self) -> Value {
        self.made()["trust"].clone()
    }

    /// What its random keys had sealed opens.
    #[track_caller]
    pub fn random_keys_work(&self, backend: &Client) {
        for sealed in self.made()["zk"].as_array().expect("values") {
            let asked =
                json!({"id": sealed["id"], "zkDataAttributes": [{"identifier": "name", "value": sealed["value"]}]});
            let opened = backend.ask_mosip("/zkDecrypt", asked).response();
            assert_eq!(opened["zkDataAttributes"][0]["value"], sealed["plain"], "{sealed:#}");
        }
    }

    fn made(&self) -> Value {
        let text = std::fs::read_to_string(self.folder.join("samples.json")).expect("the fixture");
        serde_json::from_str(&text).expect("JSON")
    }

    pub fn sql(&self, text: &str) -> String {
        self.database.query(text)
    }

    /// Every row of every table.
    fn dump(&self) -> String {
        let tables = [
            "key_alias",
            "key_store",
            "key_policy_def",
            "ca_cert_store",
            "partner_cert_store",
            "data_encrypt_keystore",
        ];
        let rows = |table| self.database.query(&format!("SELECT * FROM keymgr.{table} ORDER BY 1"));
        tables.map(rows).join("\n")
    }

    fn command(&self, system: &System, password_file: &Path, more: &[&str]) -> Command {
        self.command_of(system, "officer", self.database.url(), password_file, more)
    }

    fn command_of(&self, system: &System, who: &str, url: &str, password_file: &Path, more: &[&str]) -> Command {
        let mut command = self.command_with_database(system, who, url);
        command.arg("--pkcs12").arg(self.folder.join("keys.p12"));
        command.arg("--pkcs12-password-file").arg(password_file).args(more);
        command
    }

    pub fn command_with_database(&self, system: &System, who: &str, url: &str) -> Command {
        let mut command = system.kmctl(who);
        command.args(["import-mosip", "--database", url]);
        command
    }

    pub fn url(&self) -> &str {
        self.database.url()
    }

    #[track_caller]
    pub fn import(&self, system: &System, more: &[&str]) -> Ran {
        run(&mut self.command(system, &self.folder.join("../password.txt"), more))
    }
}

pub fn start(database: km_tests::Database) -> System {
    System::start(database, Options { mosip: Some(String::new()), registry: true, ..Options::default() })
}

pub const APPLY: [&str; 3] = ["--apply", "--own-keys", "retire"];

/// The outcome of every key, by its alias.
pub fn outcome(report: &Value, id: &Value) -> String {
    let keys = report["keys"].as_array().expect("keys");
    let line = keys.iter().find(|line| line["id"] == *id).expect("a line of the alias");
    line["outcome"].as_str().expect("an outcome").to_owned()
}

/// What the source's keys had encrypted opens, what they had signed verifies, and the certificates have their key ids.
#[track_caller]
pub fn everything_works(backend: &Client, samples: &[Value]) {
    for sample in samples {
        let text = |member: &str| sample[member].as_str().unwrap_or_default();
        let (application, reference, kind) = (text("application"), text("reference"), text("kind"));
        if kind == "base" {
            let request = to_decrypt(application, reference, text("data"));
            assert_eq!(backend.ask_mosip("/decrypt", request).response()["data"], sample["plain"], "{sample:#}");
            if let Some(salted) = sample["salted"].as_str() {
                let mut request = to_decrypt(application, reference, salted);
                (request["salt"], request["aad"]) = (sample["salt"].clone(), sample["aad"].clone());
                assert_eq!(backend.ask_mosip("/decrypt", request).response()["data"], sample["plain"], "{sample:#}");
            }
        }
        if let Some(jws) = sample["jws"].as_str() {
            let mut request = json!({"jwtSignatureData": jws, "applicationId": application, "referenceId": reference});
            if sample["is_over"] == true {
                request["asOf"] = json!("2023-06-01T00:00:00.000Z");
            }
            let answer = backend.ask_mosip("/jwtVerify", request).response();
            assert_eq!(answer["signatureValid"], true, "{sample:#}");
        }
        if kind != "symmetric" {
            let listed = crate::mosip::all(backend, application, reference);
            let own = listed.iter().find(|one| one["keyId"] == sample["kid"]);
            let pem = |value: &Value| value.as_str().expect("PEM").replace(['\r', '\n'], "");
            assert_eq!(
                pem(&own.expect("its key id")["certificateData"]),
                pem(&sample["certificate"]),
                "{application}/{reference}"
            );
        }
    }
}

on_each! {
    /// Each schema version: planned, refused without a decision, moved, proven, moved again.
    fn a_source_of_each_version_is_moved_in(database: Database) {
        for version in VERSIONS {
            let (source, system) = (Source::load(version), start(database));
            let (samples, before) = (source.samples(), source.dump());
            // 1. A plan changes nothing, here or there.
            let aliases = system.rows.sql("SELECT id, expires FROM mosip_alias ORDER BY id");
            let plan = source.import(&system, &[]);
            assert_eq!(plan.code, Some(1), "{}", plan.told());
            let plan = plan.json();
            assert_eq!((&plan["applied"], plan["source_version"].as_str()), (&json!(false), Some(version)), "{plan:#}");
            assert_eq!(plan["undecided"], json!(["KERNEL/SIGN", "ROOT/"]));
            assert_eq!(plan["random_keys"], json!({"found": 3, "imported": 0, "unchanged": 0, "left": {}}));
            assert!(samples.iter().all(|sample| outcome(&plan, &sample["id"]) == "would-import"), "{plan:#}");
            source.import(&system, &["--apply"]).refused("own-keys-current");
            assert_eq!(system.rows.sql("SELECT id, expires FROM mosip_alias ORDER BY id"), aliases);
            // 2. Moved, and proven.
            let end = system.log_end();
            let report = source.import(&system, &APPLY).good().json();
            assert!(samples.iter().all(|sample| outcome(&report, &sample["id"]) == "imported"), "{report:#}");
            let keys = samples.iter().filter(|sample| sample["kind"] != "foreign").count();
            assert_eq!((&report["proven"], &report["left"]), (&json!(keys), &json!(0)));
            let stores = source.stores();
            let certificates = 1 + stores["authorities"].as_array().expect("ids").len() + 1;
            // 3. Each key has its event, and an intent before it; each certificate has one too.
            let events = system.events_from("auditor", end);
            let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind && event["outcome"] != "refused").count();
            // The random keys are sent twice.
            let imports = keys + 2;
            assert_eq!((of("key.import.intent"), of("key.import.outcome"), of("certificate.installed")), (imports, imports, certificates));
            // 4. What the keys had encrypted and signed.
            everything_works(&system.mosip("backend"), &samples);
            assert_eq!(report["random_keys"], json!({"found": 3, "imported": 3, "unchanged": 0, "left": {}}));
            assert_eq!(system.rows.sql("SELECT count(*) FROM mosip_zk_key WHERE active = 0"), "1");
            source.random_keys_work(&system.mosip("backend"));
            // 5. Current is what was current there.
            let current = crate::mosip::current(&system.mosip("backend"), "ROOT", "");
            let root = samples.iter().find(|sample| sample["application"] == "ROOT").expect("a root");
            assert_eq!(current["certificate"], root["certificate"]);
            // 6. Once more: nothing to do, and all proven again.
            let aliases = system.rows.sql("SELECT id, expires, log_index FROM mosip_alias ORDER BY id");
            let again = source.import(&system, &["--apply"]).good().json();
            assert!(samples.iter().all(|sample| outcome(&again, &sample["id"]) == "unchanged"), "{again:#}");
            assert_eq!(again["proven"], json!(keys));
            assert_eq!(again["random_keys"], json!({"found": 3, "imported": 0, "unchanged": 3, "left": {}}));
            assert_eq!(system.rows.sql("SELECT id, expires, log_index FROM mosip_alias ORDER BY id"), aliases);
            // 7. The source is as it was; nothing could have been written to it.
            assert_eq!(source.dump(), before);
        }
    }

    /// Side by side during a change-over: what is encrypted here the source opens with its own key store, and its certificates verify what
    /// is signed here.
    fn the_source_reads_what_is_made_beside_it(database: Database) {
        for version in ["1.2", "1.3"] {
            let (source, system) = (Source::load(version), start(database));
            source.import(&system, &APPLY).good();
            let (backend, samples) = (system.mosip("backend"), source.samples());
            let of = |kind: &str, reference: &str| {
                let is = |sample: &&Value| sample["kind"] == kind && sample["reference"] == reference && sample["is_over"] == false;
                samples.iter().find(is).expect("a sample").clone()
            };
            let (key, signer) = (of("base", "ENCRYPT"), of("master", "SIGN"));
            let (plain, claims) = (base64url("what the new one encrypted"), base64url(r#"{"signed":"here"}"#));
            let private_key =
                source.sql(&format!("SELECT private_key FROM keymgr.key_store WHERE id = '{}'", key["id"].as_str().expect("an id")));
            let case = |salt: Value, aad: Value| {
                let mut request = to_encrypt("LEGACY", "ENCRYPT", "what the new one encrypted");
                if !salt.is_null() {
                    (request["salt"], request["aad"]) = (salt.clone(), aad.clone());
                }
                let data = backend.ask_mosip("/encrypt", request).response()["data"].clone();
                json!({"certificate": key["certificate"], "private_key": private_key, "data": data, "salt": salt, "aad": aad})
            };
            let sign = json!({"dataToSign": claims, "applicationId": "KERNEL", "referenceId": "SIGN", "includePayload": true});
            let jws = backend.ask_mosip("/jwtSign", sign).response()["jwtSignedData"].clone();
            let cases = json!([
                case(Value::Null, Value::Null),
                case(json!(base64url([7; 16])), json!(base64url([9; 32]))),
                {"certificate": signer["certificate"], "jws": jws},
            ]);
            let asked = json!({"folder": source.folder, "cases": cases});
            let Some(found) = fixture_script("mosip", "import/read_with_source.py", &asked.to_string()) else { return };
            assert_eq!(serde_json::from_str::<Value>(&found).expect("JSON"), json!([plain, plain, claims]), "{version}");
        }
    }

    /// Killed five times at whatever it was doing, it ends where it would have without.
    fn whoever_is_killed_begins_again(database: Database) {
        let (source, system) = (Source::load("1.3"), start(database));
        let samples = source.samples();
        let password = source.folder.join("../password.txt");
        let have = || system.rows.sql("SELECT count(*) FROM key_version WHERE key_id LIKE 'mosip-%'");
        let mut kills = 0;
        for _ in 0..5 {
            let before = have();
            let mut child = Child::start(&mut source.command(&system, &password, &APPLY), &system.folder().join("import.log"));
            // It stands still while it is looked at, so that however slow the look is, it has not ended meanwhile.
            let moved = || {
                child.signal("CONT");
                std::thread::sleep(Duration::from_millis(20));
                child.signal("STOP");
                have() != before || !child.is_running()
            };
            assert!(wait_until(Duration::from_secs(120), moved), "nothing was moved");
            kills += u32::from(child.is_running());
            child.kill();
        }
        assert!(kills > 1, "it was never killed in the middle");
        let report = source.import(&system, &APPLY).good().json();
        assert_eq!(report["left"], json!(0));
        everything_works(&system.mosip("backend"), &samples);
        let twice = "SELECT count(*) FROM (SELECT certificate FROM mosip_alias GROUP BY certificate HAVING count(*) > 1) AS twice";
        assert_eq!(system.rows.sql(twice), "0");
    }

    /// Java's own provider has lost this curve; whoever has such a key made it with another.
    fn a_key_on_secp256k1_is_moved_in(database: Database) {
        let (source, system) = (Source::load("1.3"), start(database));
        let (key, pem) = self_signed(system.folder(), "ec -pkeyopt ec_paramgen_curve:secp256k1", "legacy");
        let (certificate, store) = (key.with_extension("crt"), key.with_extension("p12"));
        let password = source.folder.join("../password.txt");
        let how = format!("pkcs12 -export -name on-k1 -passout file:{} -inkey {}", password.display(), key.display());
        openssl(&format!("{how} -in {} -out", certificate.display()), &[&store]).good();
        let printed = openssl("x509 -noout -fingerprint -sha256 -in", &[&certificate]).good().output;
        let thumbprint = printed.trim().rsplit('=').next().expect("a fingerprint").replace(':', "");
        source.sql("DELETE FROM keymgr.key_store; DELETE FROM keymgr.key_alias; DELETE FROM keymgr.partner_cert_store; DELETE FROM keymgr.ca_cert_store; DELETE FROM keymgr.data_encrypt_keystore");
        source.sql(&format!(
            "INSERT INTO keymgr.key_alias (id, app_id, ref_id, key_gen_dtimes, key_expire_dtimes, cert_thumbprint, uni_ident) \
             VALUES ('on-k1', 'LEGACY', 'EC_SECP256K1_SIGN', '2026-01-01', '2036-01-01', '{thumbprint}', '{}')", "0A".repeat(20)
        ));
        let mut command = source.command_with_database(&system, "officer", source.url());
        command.arg("--pkcs12").arg(&store).arg("--pkcs12-password-file").arg(&password).args(APPLY);
        let report = run(&mut command).good().json();
        assert_eq!((outcome(&report, &json!("on-k1")), &report["proven"]), ("imported".to_owned(), &json!(1)), "{report:#}");
        let backend = system.mosip("backend");
        let name = json!({"applicationId": "LEGACY", "referenceId": "EC_SECP256K1_SIGN"});
        let mut asked = name.clone();
        (asked["dataToSign"], asked["includePayload"]) = (json!("e30"), json!(true));
        let jws = backend.ask_mosip("/jwtSign", asked).response()["jwtSignedData"].clone();
        let mut asked = name;
        asked["jwtSignatureData"] = jws;
        assert_eq!(backend.ask_mosip("/jwtVerify", asked).response()["signatureValid"], true);
        let current = crate::mosip::current(&backend, "LEGACY", "EC_SECP256K1_SIGN");
        assert_eq!(current["certificate"].as_str().expect("PEM").trim(), pem.trim());
    }

    /// Between two imports the source revoked its current key and made another of that name.
    fn what_the_source_ended_meanwhile_is_ended_before_its_successor_comes(database: Database) {
        let (source, system) = (Source::load("1.3"), start(database));
        let mut samples = source.samples();
        let of = |application: &str| samples.iter().find(|one| one["application"] == application && one["reference"] == "" && one["is_over"] == false).expect("a sample").clone();
        let (revoked, successor) = (of("LEGACY"), of("PMS"));
        samples.retain(|sample| sample["id"] != successor["id"]);
        let id = |sample: &Value| sample["id"].as_str().expect("an id").to_owned();
        // As it was before: the successor is not yet made, nor what it signed.
        source.sql("DELETE FROM keymgr.partner_cert_store; DELETE FROM keymgr.ca_cert_store");
        source.sql(&format!("CREATE TABLE later AS SELECT * FROM keymgr.key_alias WHERE id = '{0}'; DELETE FROM keymgr.key_alias WHERE id = '{0}'", id(&successor)));
        source.import(&system, &APPLY).good();
        let backend = system.mosip("backend");
        let serves = || crate::mosip::current(&backend, "LEGACY", "")["certificate"].clone();
        assert_eq!(serves(), revoked["certificate"]);
        source.sql(&format!("UPDATE keymgr.key_alias SET key_expire_dtimes = '2026-02-01' WHERE id = '{}'; UPDATE later SET app_id = 'LEGACY', key_gen_dtimes = '2026-02-01'; INSERT INTO keymgr.key_alias SELECT * FROM later", id(&revoked)));
        let report = source.import(&system, &["--apply"]).good().json();
        assert_eq!((outcome(&report, &revoked["id"]), outcome(&report, &successor["id"])), ("shortened".to_owned(), "imported".to_owned()), "{report:#}");
        assert_eq!((&report["left"], serves()), (&json!(0), successor["certificate"].clone()));
        everything_works(&backend, &samples);
    }

    /// What does not fit is left, said, and keeps nothing else from being moved.
    fn what_was_altered_or_is_missing_is_left(database: Database) {
        let (source, system) = (Source::load("1.2"), start(database));
        let samples = source.samples();
        let ids = |kind: &str| samples.iter().filter(|sample| sample["kind"] == kind).map(|sample| sample["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>();
        let (base, master) = (ids("base"), ids("master"));
        let sql = |text: String| source.database.query(&text);
        // A wrapped key cut off, another's certificate, a master key that is in no key store.
        sql(format!("UPDATE keymgr.key_store SET private_key = left(private_key, 400) || 'AAAA' || substr(private_key, 405) WHERE id = '{}'", base[0]));
        sql(format!("UPDATE keymgr.key_store SET certificate_data = (SELECT certificate_data FROM keymgr.key_store WHERE id = '{}') WHERE id = '{}'", base[2], base[1]));
        sql("INSERT INTO keymgr.key_alias (id, app_id, ref_id, key_gen_dtimes, key_expire_dtimes) VALUES ('nowhere', 'LEGACY', '', '2020-01-01', '2021-01-01')".to_owned());
        let ran = source.import(&system, &APPLY);
        assert_eq!(ran.code, Some(1), "{}", ran.told());
        let report = ran.json();
        for id in [base[0].as_str(), base[1].as_str(), "nowhere"] {
            assert_eq!(outcome(&report, &json!(id)), "left", "{report:#}");
        }
        assert_eq!(report["left"], json!(3));
        for id in master.iter().chain(&base[2..]) {
            assert_eq!(outcome(&report, &json!(id)), "imported", "{report:#}");
        }
        let fine: Vec<_> = samples.iter().filter(|sample| sample["id"] != base[0].as_str() && sample["id"] != base[1].as_str()).cloned().collect();
        everything_works(&system.mosip("backend"), &fine);
        // Mended in the source, it is moved too.
        let good = Source::load("1.2");
        let row = good.database.query(&format!("SELECT private_key FROM keymgr.key_store WHERE id = '{}'", base[0]));
        sql(format!("UPDATE keymgr.key_store SET private_key = '{}' WHERE id = '{}'", row.trim(), base[0]));
        let report = source.import(&system, &["--apply"]).json();
        assert_eq!((outcome(&report, &json!(base[0])), report["left"].clone()), ("imported".to_owned(), json!(2)));
    }
}

#[test]
fn wrong_passwords_and_files_are_said_before_anything_is_done() {
    let (source, system) = (Source::load("1.3"), start(km_tests::Database::Sqlite));
    let wrong = system.folder().join("wrong.txt");
    std::fs::write(&wrong, "another password\n").expect("a file");
    let end = system.log_end();
    let ran = run(&mut source.command(&system, &wrong, &APPLY));
    assert_eq!(ran.code, Some(2), "{}", ran.told());
    assert!(!ran.told().contains("another password"), "{}", ran.told());
    for more in [["--schema", "elsewhere"], ["--schema", "a;b"]] {
        let ran = source.import(&system, &more);
        assert_eq!(ran.code, Some(2), "{}", ran.told());
    }
    let password = source.folder.join("../password.txt");
    let ran = run(&mut source.command_of(&system, "officer", "postgres://me:secret@host/name", &password, &APPLY));
    assert!(ran.code == Some(2) && ran.told().contains("password file"), "{}", ran.told());
    assert!(system.events_from("auditor", end).iter().all(|event| event["kind"] != "key.import.outcome"));
    // Nobody but an officer.
    let ran = run(&mut source.command_of(&system, "backend", source.database.url(), &password, &APPLY));
    assert!(ran.code.is_some_and(|code| code != 0), "{}", ran.told());
}

/// The call itself, with what no honest program sends.
#[test]
fn a_key_that_is_not_the_certificates_is_refused() {
    let (source, system) = (Source::load("1.3"), start(km_tests::Database::Sqlite));
    source.import(&system, &APPLY).good();
    let officer = system.officer("officer");
    let transport = officer.post("/v1/officer/mosip/transport-key", json!(null)).good();
    let samples = source.samples();
    let foreign = samples.iter().find(|sample| sample["kind"] == "foreign").expect("a sample");
    let pem = crate::mosip::file(&system, foreign["certificate"].as_str().expect("PEM"));
    let der = km_tests::system::der_of(&pem).remove(0);
    let alias = |more: Value| {
        let mut body = json!({"id": "made-up", "application": "LEGACY", "reference": "OTHER", "generated": "2020-01-01T00:00:00Z",
            "expires": "2021-01-01T00:00:00Z", "unique_id": "00".repeat(20), "certificate": km_tests::base64url(&der)});
        body.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
        officer.post("/v1/officer/mosip/aliases", body)
    };
    let kid = &transport["key"]["kid"];
    alias(json!({"key": {"transport": kid, "carrier": "AAAA", "key": "AAAA"}})).refused(422, "not-opened");
    alias(json!({"key": {"transport": "transport.9", "carrier": "AAAA", "key": "AAAA"}}))
        .refused(409, "transport-key-unknown");
    alias(json!({"certificate": null})).refused(400, "invalid-request");
    alias(json!({"id": ""})).refused(400, "invalid-request");
    alias(json!({"expires": "2019-01-01T00:00:00Z"})).refused(400, "invalid-request");
    alias(json!({"unique_id": "00"})).refused(400, "invalid-request");
    let base = samples.iter().find(|sample| sample["kind"] == "base").expect("a sample");
    alias(json!({"id": base["id"]})).refused(409, "mosip-alias-differs");
    let path = |id: &Value| format!("/v1/officer/mosip/aliases/{}/prove", id.as_str().expect("an id"));
    officer.post(&path(&base["id"]), json!({"challenge": km_tests::base64url([0; 256])})).refused(422, "not-opened");
    officer.post(&path(&foreign["id"]), json!({"challenge": "AAAA"})).refused(400, "invalid-request");
    officer.post(&path(&json!("nothing")), json!({"challenge": "AAAA"})).refused(404, "not-found");
    // Another tenant's officer has no dialect.
    system.officer("other-officer").get("/v1/officer/mosip").refused(403, "tenant-mismatch");
}
