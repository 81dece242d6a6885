//! The list of users that an application's policy has, on the endpoints that name no application.

use km_tests::{Options, System, base64url, on_each};
use serde_json::json;

use super::{
    master, oaep_to,
    zk_encrypt::{asked, named, recipient},
};

/// Gives these applications a list on which the tests' caller is not, and starts the key manager with it.
fn close(system: &System, applications: &[&str]) {
    let file = system.folder().join("mosip-bootstrap.toml");
    let mut text = std::fs::read_to_string(&file).expect("the file");
    for application in applications {
        let line = format!("app_id = \"{application}\"\n");
        assert!(text.contains(&line));
        text = text.replace(&line, &format!("{line}access_allowed = \"somebody\"\n"));
    }
    std::fs::write(&file, text).expect("the file");
    assert_eq!(system.stop("keymanager"), Some(Some(0)));
    system.start_key_manager();
    system.wait_until_ready();
}

on_each! {
    fn whoever_is_not_on_the_list_gets_nothing(database: Database) {
        let bootstrap = "zk_random_keys = 2\n[[policies]]\napp_id = \"IDA\"\nkey_validity_duration = 1095\npre_expire_days = 60\n";
        let system = System::start(database, Options { mosip: Some(String::new()), bootstrap, ..Options::default() });
        let backend = system.mosip("backend");
        recipient(&backend);
        master(&backend, "RESIDENT");
        let to_seal = asked("1", &[("a", "Selam")]);
        let sealed = backend.ask_mosip("/zkEncrypt", to_seal.clone()).response();
        let to_open = asked("1", &named(&sealed));
        let part = sealed["encryptedRandomKey"].as_str().expect("a text");
        let re_encrypt = || {
            let path = format!("/zkReEncryptRandomKey?encryptedKey={part}");
            system.mosip("backend").send("POST", &path, None, Vec::new())
        };
        let certificate = backend.get("/getZKTempCertificate").response()["certificate"].clone();
        let random_key = base64url(oaep_to(&system, &certificate, &[7; 32]));
        let key = backend.ask_mosip("/tpmencryption/publickey", json!({"serverProfile": "any"})).response()["publicKey"].clone();
        let to_client = backend.ask_mosip("/tpmencrypt", json!({"value": base64url("Selam"), "publicKey": key})).response();
        let to_sign = json!({"data": base64url("Selam")});
        // All of it is allowed, until the lists are there.
        backend.ask_mosip("/zkDecrypt", to_open.clone()).response();
        re_encrypt().response();
        backend.ask_mosip("/cssign", to_sign.clone()).response();
        let to_client = json!({"value": to_client["value"], "publicKey": key});
        backend.ask_mosip("/tpmdecrypt", to_client.clone()).response();
        // The recipient of the random key has its own list.
        close(&system, &["IDA", "RESIDENT"]);
        let backend = system.mosip("backend");
        backend.ask_mosip("/zkDecrypt", to_open.clone()).response();
        re_encrypt().refused_with(200, "KER-CRY-012");
        backend.ask_mosip("/cssign", to_sign).refused_with(200, "KER-JWS-108");
        backend.ask_mosip("/tpmdecrypt", to_client).refused_with(200, "KER-CRY-012");
        // The random keys are KERNEL's.
        close(&system, &["KERNEL"]);
        let backend = system.mosip("backend");
        backend.ask_mosip("/zkEncrypt", to_seal).refused_with(200, "KER-KMS-002");
        backend.ask_mosip("/zkDecrypt", to_open).refused_with(200, "KER-CRY-012");
        re_encrypt().refused_with(200, "KER-CRY-012");
        let keys = json!({"zkEncryptedDataList": [{"keyIndex": 7, "encryptedKeyData": random_key}]});
        backend.ask_mosip("/migrateZKKeys", keys).refused_with(200, "KER-KMS-002");
        // A certificate is for everybody.
        backend.get("/getZKTempCertificate").response();
        assert_eq!(system.rows.sql("SELECT count(*) FROM mosip_zk_key"), "2");
    }
}
