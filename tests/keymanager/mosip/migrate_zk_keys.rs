//! `POST /migrateZKKeys`

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use km_tests::{Client, Options, System, base64url, from_base64url, on_both, on_each};
use serde_json::{Value, json};

use super::{
    oaep_to,
    zk_encrypt::{asked, named, recipient},
};

/// What became of keys with these numbers.
fn migrate(client: &Client, keys: &[(i64, String)], purge: bool) -> Vec<(i64, String)> {
    let list: Vec<_> =
        keys.iter().map(|(number, data)| json!({"keyIndex": number, "encryptedKeyData": data})).collect();
    let request = json!({"zkEncryptedDataList": list, "purgeTempKeyFlag": purge});
    let answer = client.ask_mosip("/migrateZKKeys", request).response();
    let became = answer["zkEncryptedDataList"].as_array().expect("a list").iter();
    became
        .map(|one| {
            (one["keyIndex"].as_i64().expect("a number"), one["statusMessage"].as_str().expect("a word").to_owned())
        })
        .collect()
}

fn transfer(client: &Client) -> Value {
    client.get("/getZKTempCertificate").response()["certificate"].clone()
}

/// Numbers that no other test uses.
fn fresh_number() -> i64 {
    let digits: String = km_tests::call::request_id().bytes().filter(u8::is_ascii_digit).map(char::from).collect();
    1000 + digits[digits.len().saturating_sub(8)..].parse::<i64>().expect("digits")
}

const TAKEN: &str = "Migration Success";
const EXISTS: &str = "Migration Not Allowed. Valid Key Exists.";
const REFUSED: &str = "Error in Migration";

on_both! {
    /// Keys that another program drew, under which it sealed values that another installation would have handed out.
    fn what_another_installation_sealed_opens_here(system: &System) {
        let backend = system.mosip("backend");
        recipient(&backend);
        let fixture: Value = serde_json::from_str(include_str!("../../fixtures/mosip/zk.json")).expect("vectors");
        let certificate = transfer(&backend);
        for case in fixture["cases"].as_array().expect("cases") {
            let [id, text, value] = ["id", "text", "value"].map(|name| case[name].as_str().expect("a text"));
            let random_key = STANDARD.decode(case["random_key"].as_str().expect("a key")).expect("base64");
            let number = fresh_number();
            let encrypted = base64url(oaep_to(system, &certificate, &random_key));
            // The number is not authenticated: MOSIP's layout has it in front.
            let mut bytes = from_base64url(value);
            bytes[..4].copy_from_slice(&i32::try_from(number).expect("a number").to_be_bytes());
            let open = || backend.ask_mosip("/zkDecrypt", asked(id, &[("a", &base64url(&bytes))]));
            open().refused_with(200, "KER-ZKC-001");
            let end = system.log_end();
            assert_eq!(migrate(&backend, &[(number, encrypted.clone())], false), [(number, TAKEN.to_owned())]);
            let events = system.events_from("auditor", end);
            for kind in ["key.import.intent", "key.import.outcome"] {
                assert!(events.iter().any(|event| event["kind"] == kind && event["count"] == 1), "{kind}");
            }
            assert_eq!(named(&open().response()), [("a", text)]);
            assert_eq!(migrate(&backend, &[(number, encrypted)], false), [(number, EXISTS.to_owned())]);
            // Nor does another key take its place.
            let other = base64url(oaep_to(system, &certificate, &[7; 32]));
            assert_eq!(migrate(&backend, &[(number, other)], false), [(number, EXISTS.to_owned())]);
            assert_eq!(named(&open().response()), [("a", text)]);
        }
    }

    fn each_key_is_judged_by_itself(system: &System) {
        let backend = system.mosip("backend");
        let certificate = transfer(&backend);
        let good = |byte| base64url(oaep_to(system, &certificate, &[byte; 32]));
        let mut changed = from_base64url(&good(1));
        changed[9] ^= 1;
        let other = crate::mosip::current(&backend, "OPENG2P", "ENCRYPT")["certificate"].clone();
        let [a, b, c, d, e, f, g] = [(); 7].map(|()| fresh_number());
        let keys = [
            (a, good(2)),
            (b, base64url(changed)),
            (c, base64url(oaep_to(system, &certificate, &[3; 16]))),
            (d, base64url(oaep_to(system, &other, &[4; 32]))),
            (e, "not base64!".to_owned()),
            (f, String::new()),
            (a, good(5)),
            (-1, good(6)),
            (g, good(7)),
        ];
        let became = migrate(&backend, &keys, false);
        let words = [TAKEN, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, EXISTS, REFUSED, TAKEN];
        let expected: Vec<(i64, String)> = keys.iter().zip(words).map(|((number, _), word)| (*number, word.to_owned())).collect();
        assert_eq!(became, expected);
        for request in [json!({}), json!({"zkEncryptedDataList": []}), json!({"zkEncryptedDataList": [{"encryptedKeyData": "AAAA"}]}), json!({"zkEncryptedDataList": [null]})] {
            assert_eq!(backend.ask_mosip("/migrateZKKeys", request).body["errors"][0]["errorCode"], "KER-KMS-005");
        }
    }
}

on_each! {
    /// The way of an installation's keys from the beginning to the end of the transfer; and a recipient who is not here.
    fn a_transfer_ends(database: Database) {
        let options = Options {
            mosip: Some("zk_recipients = [\"PARTNER:AUTHENTICATION\"]".to_owned()),
            bootstrap: "zk_random_keys = 3\n",
            ..Options::default()
        };
        let system = System::start(database, options);
        let backend = system.mosip("backend");
        assert_eq!(system.rows.sql("SELECT count(*) FROM mosip_zk_key"), "3");
        // Nobody is there for whom the random key could be encrypted.
        backend.ask_mosip("/zkEncrypt", asked("1", &[("a", "b")])).refused_with(200, "KER-ZKC-002");
        let (key, pem) = km_tests::openssl::self_signed(system.folder(), km_tests::openssl::RSA, "recipient");
        let upload = json!({"applicationId": "PARTNER", "referenceId": "AUTHENTICATION", "certificateData": pem});
        // Whoever is encrypted to reads everything: not for everybody who may upload a partner's certificate.
        let end = system.log_end();
        let individual = system.forged_token("nobody", &json!({}), &json!({"realm_access": {"roles": ["INDIVIDUAL"]}}));
        let answer = system.mosip_anyone().with_token(individual).ask_mosip("/uploadOtherDomainCertificate", upload.clone());
        answer.refused_with(403, "KER-ATH-403");
        system.events_of(end, &answer.request_id).is("access.refused", "refused", "role-missing");
        backend.ask_mosip("/uploadOtherDomainCertificate", upload).response();
        let sealed = backend.ask_mosip("/zkEncrypt", asked("a person", &[("a", "b")])).response();
        let part = from_base64url(sealed["encryptedRandomKey"].as_str().expect("a text"));
        // Stock openssl opens the recipient's part; under another number the same key comes back in, and opens the value.
        let random_key = crate::mosip::oaep_open(&key, &part[32..], crate::mosip::OAEP);
        assert_eq!(random_key.len(), 32);
        backend.ask_mosip("/migrateZKKeys", json!({"zkEncryptedDataList": [{"keyIndex": 9, "encryptedKeyData": "AAAA"}]})).refused_with(200, "KER-KMS-003");
        let certificate = transfer(&backend);
        let encrypted = base64url(oaep_to(&system, &certificate, &random_key));
        assert_eq!(migrate(&backend, &[(77, encrypted.clone())], true), [(77, TAKEN.to_owned())]);
        let mut bytes = from_base64url(named(&sealed)[0].1);
        bytes[..4].copy_from_slice(&77_i32.to_be_bytes());
        let open = || backend.ask_mosip("/zkDecrypt", asked("a person", &[("a", &base64url(&bytes))]));
        assert_eq!(named(&open().response()), [("a", "b")]);
        // The transfer is over; the next one has a key of its own.
        backend.ask_mosip("/migrateZKKeys", json!({"zkEncryptedDataList": [{"keyIndex": 78, "encryptedKeyData": encrypted}]})).refused_with(200, "KER-KMS-003");
        let next = transfer(&backend);
        assert_ne!(next, certificate);
        assert_eq!(migrate(&backend, &[(78, encrypted)], false), [(78, REFUSED.to_owned())]);
        // A new key above, and what was wrapped under the old one opens on, after a restart too.
        let force = json!({"applicationId": "KERNEL", "referenceId": "IDENTITY_CACHE", "force": true});
        assert_eq!(backend.ask_mosip("/generateSymmetricKey", force).response()["status"], "Generation Success");
        assert_eq!(named(&open().response()), [("a", "b")]);
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        system.start_key_manager();
        system.wait_until_ready();
        let backend = system.mosip("backend");
        let opened = backend.ask_mosip("/zkDecrypt", asked("a person", &[("a", &base64url(&bytes))])).response();
        assert_eq!(named(&opened), [("a", "b")]);
        assert_eq!(system.rows.sql("SELECT count(*) FROM mosip_zk_key"), "4");
    }

    /// A row that somebody edited or moved in the database is not believed.
    fn an_edited_random_key_is_refused(database: Database) {
        let options = Options { mosip: Some("zk_recipients = []".to_owned()), bootstrap: "zk_random_keys = 2\n", ..Options::default() };
        let system = System::start(database, options);
        let backend = system.mosip("backend");
        let sealed = backend.ask_mosip("/zkEncrypt", asked("1", &[("a", "b")])).response();
        assert_eq!(sealed["encryptedRandomKey"], "");
        let number = sealed["rankomKeyIndex"].as_str().expect("a number").to_owned();
        let (_, value) = named(&sealed)[0];
        let open = || backend.ask_mosip("/zkDecrypt", asked("1", &[("a", value)]));
        open().response();
        system.rows.sql(&format!("UPDATE mosip_zk_key SET wrapped = (SELECT wrapped FROM mosip_zk_key WHERE number <> {number}) WHERE number = {number}"));
        // Any change of keys has them read anew.
        system.key("mac", "HMAC-SHA-256");
        open().refused_with(200, "KER-ZKC-001");
        assert!(km_test_support::wait_until(Duration::from_secs(30), || {
            system.readiness().is_some_and(|(_, said)| said["components"]["keys"]["state"] == "degraded")
        }));
        // The other one serves on.
        let sealed = backend.ask_mosip("/zkEncrypt", asked("1", &[("a", "b")])).response();
        assert_ne!(sealed["rankomKeyIndex"], number.as_str());
    }
}
