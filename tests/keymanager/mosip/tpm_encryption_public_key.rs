//! `POST /tpmencryption/publickey`

use km_tests::{Options, System, on_both, on_each};
use serde_json::json;

use super::master;

on_both! {
    /// Signing and decrypting have a key each.
    fn it_is_not_the_key_that_signs(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "RESIDENT");
        let key = |path: &str| backend.ask_mosip(path, json!({"serverProfile": "any"})).response()["publicKey"].clone();
        assert!(key("/tpmencryption/publickey").as_str().is_some_and(|key| key.len() == 392));
        assert_ne!(key("/tpmencryption/publickey"), key("/tpmsigning/publickey"));
    }
}

on_each! {
    /// The keys are those of the application that configuration names, and whom its policy lists.
    fn configuration_names_the_application(database: Database) {
        let options = Options {
            mosip: Some("client_crypto_application = \"RESTRICTED\"".to_owned()),
            bootstrap: crate::mosip::POLICIES,
            ..Options::default()
        };
        let system = System::start(database, options);
        let (backend, listed) = (system.mosip("backend"), system.mosip("openg2p"));
        let profile = json!({"serverProfile": "any"});
        listed.ask_mosip("/tpmsigning/publickey", profile.clone()).refused_with(200, "KER-KMS-012");
        master(&listed, "RESTRICTED");
        listed.ask_mosip("/tpmsigning/publickey", profile.clone()).response();
        let key = listed.ask_mosip("/tpmencryption/publickey", profile).response()["publicKey"].clone();
        let sealed = backend.ask_mosip("/tpmencrypt", json!({"value": "AAAA", "publicKey": key})).response()["value"].clone();
        let open = json!({"value": sealed, "publicKey": key});
        assert_eq!(listed.ask_mosip("/tpmdecrypt", open.clone()).response()["value"], "AAAA");
        listed.ask_mosip("/cssign", json!({"data": "AAAA"})).response();
        backend.ask_mosip("/tpmdecrypt", open).refused_with(200, "KER-CRY-012");
        backend.ask_mosip("/cssign", json!({"data": "AAAA"})).refused_with(200, "KER-JWS-108");
    }
}
