//! A key manager on a token of another make: it does all that the token can, and answers the rest by its name.

use std::time::Duration;

use km_client::{ClientError, Draft, Session, Statement};
use km_test_support::{Module, wait_until};
use km_tests::mosip::{to_decrypt, to_encrypt};
use km_tests::openssl::{encrypt_oaep, verifies};
use km_tests::people::{definition, draft, national_id};
use km_tests::program::run;
use km_tests::records::{REGISTER, fields, register, values};
use km_tests::system::new_key_id;
use km_tests::{Answer, Database, Options, System, base64url, from_base64url, on_each, wait};
use serde_json::{Value, json};

fn started(database: Database, token: Module) -> System {
    System::start(database, Options { token, registry: true, ..Options::default() })
}

fn facts(system: &System) -> Value {
    let (status, document) = system.readiness().expect("an answer");
    assert_eq!(status, 200, "{document:#}");
    document["facts"].clone()
}

/// Asks an officer for a key.
fn ask_for(system: &System, purpose: &str, algorithm: &str) -> (String, Answer) {
    let id = new_key_id();
    let body = json!({"id": id, "purpose": purpose, "algorithm": algorithm, "allow": ["sealkeep-backend"]});
    let answer = system.officer("officer").post("/v1/officer/keys", body);
    (id, answer)
}

/// A refusal that names what the token lacks.
#[track_caller]
fn lacks(answer: Answer, capability: &str) -> Answer {
    let refused = answer.refused(501, "unsupported-by-token");
    assert_eq!(refused.body["detail"], format!("the token cannot do {capability}"));
    refused
}

/// The national id that is stored, as the caseworker reads it.
#[track_caller]
fn read(session: &Session, person: &Draft) -> Result<Value, String> {
    let names = fields(&["national_id"]);
    let (records, statement) = (vec![person.record], Statement::of("service-delivery"));
    let query = km_client::OpenQuery { register: register(), records, fields: names, statement, history: false };
    let mut opened = match wait(session.open_records(query)) {
        Ok(opened) => opened,
        Err(ClientError::Refused(problem)) => return Err(problem.code().to_owned()),
        Err(other) => panic!("an answer that the client believes: {other}"),
    };
    values(opened.records.remove(0).outcome).map(|mut values| values.remove("national_id").expect("a value"))
}

/// Step by step what the tour shows: seal, open, find, rotate, erase; then the same after a restart.
fn records_live_as_on_any_token(system: &System) {
    let (sender, reader) = (system.session("backend"), system.session("caseworker"));
    let people: Vec<_> = (0..3).map(|_| draft(&national_id())).collect();
    system.store("backend", &people);
    let id = |person: &Draft| person.fields["national_id"].clone();
    let read_all = || people.iter().skip(1).all(|person| read(&reader, person) == Ok(id(person)));
    assert!(read_all());
    let found = wait(reader.find(
        &definition(REGISTER),
        &"national_id".parse().expect("a field"),
        &id(&people[1]),
        &fields(&["family_name"]),
        &Statement::of("service-delivery"),
    ));
    assert_eq!(found.expect("a person").records[0].found.record, people[1].record);

    let left = |system: &System| run(system.kmctl("officer").arg("rewrap")).good().json()["left"].clone();
    system.rotate("kek");
    assert!(wait_until(Duration::from_secs(30), || left(system) == 0), "nothing is left under the old version");
    assert!(read_all());

    wait(sender.erase(&register(), people[0].record, &Statement::of("erasure-request"))).expect("a certificate");
    assert_eq!(read(&reader, &people[0]), Err("record-erased".to_owned()));
    system.kill("keymanager");
    system.start_key_manager();
    system.wait_until_ready();
    assert!(wait_until(Duration::from_secs(30), || {
        system.registry_readiness().is_some_and(|(status, _)| status == 200)
    }));
    assert!(read_all());
    assert_eq!(read(&reader, &people[0]), Err("record-erased".to_owned()));
}

on_each! {
    fn kryoptic_serves_all_but_two_curves(database: Database) {
        let system = started(database, Module::Kryoptic);
        let facts = facts(&system);
        assert!(facts["token"].as_str().is_some_and(|text| text.starts_with("Kryoptic")), "{facts:#}");
        assert_eq!(facts["token_lacks"], json!(["ecdsa-secp256k1", "ed25519", "ed25519-wrap"]));
        assert!(system.log_of("keymanager").contains("token.lacks"), "the log says it at start");
        records_live_as_on_any_token(&system);

        let backend = system.rest("backend");
        for (kind, algorithm) in [("P-256", "ES256"), ("P-384", "ES384"), ("RSA-2048", "RS256"), ("RSA-3072", "PS256")] {
            let key = system.key("sign", kind);
            let asked = json!({"message": base64url("Selam"), "algorithm": algorithm});
            for version in 1..=2 {
                let signed = backend.post(&format!("/v1/keys/{key}/sign"), asked.clone()).good();
                let jwk = system.jwk(&format!("{key}.{version}"));
                let signature = from_base64url(signed["signature"].as_str().expect("a signature"));
                assert!(verifies(system.folder(), &jwk, algorithm, b"Selam", &signature), "{algorithm} {version}");
                system.rotate(&key);
            }
        }
        let key = system.key("decrypt", "RSA-2048");
        let mut sealed = encrypt_oaep(system.folder(), &system.jwk(&format!("{key}.1")), b"Selam");
        let open = |sealed: &[u8]| backend.post(&format!("/v1/keys/{key}/decrypt"), json!({"ciphertext": base64url(sealed)}));
        assert_eq!(open(&sealed).good()["plaintext"], base64url("Selam"));
        sealed[100] ^= 1;
        // This token calls bad padding a device error; nobody must be told that it is ill.
        open(&sealed).refused(422, "not-opened");
        assert_eq!(system.readiness().expect("an answer").0, 200);

        let end = system.log_end();
        let (id, refused) = ask_for(&system, "sign", "Ed25519");
        let refused = lacks(refused, "ed25519");
        let events = system.events_of(end, &refused.request_id).0;
        let outcome = events.iter().find(|event| event["kind"] == "key.create.outcome").expect("an outcome");
        assert_eq!((&outcome["outcome"], &outcome["reason"]), (&json!("refused"), &json!("unsupported-by-token")));
        backend.get(&format!("/v1/keys/{id}")).refused(404, "key-not-found");
        system.key("sign", "P-256");
        system.key_manager(&["verify-audit"]).good();
    }

    /// Without AES-GCM this token cannot wrap private keys: they live in it, and the registry's work is the same.
    fn a_token_with_the_least_serves_the_registry(database: Database) {
        let system = started(database, Module::Bare);
        let lacking = facts(&system)["token_lacks"].clone();
        for name in ["aes-gcm", "rsa-pkcs1-sha256", "rsa-pss-sha256", "ed25519", "wrap-private-keys"] {
            assert!(lacking.as_array().is_some_and(|lacking| lacking.contains(&json!(name))), "{name}: {lacking}");
        }
        let ingest = "SELECT DISTINCT residence FROM key_version WHERE key_id IN ('ingest', 'ingest-rsa', 'answer')";
        assert_eq!(system.rows.sql(ingest).trim(), "resident");
        records_live_as_on_any_token(&system);

        lacks(ask_for(&system, "encrypt", "AES-256").1, "aes-gcm");
        lacks(ask_for(&system, "sign", "Ed25519").1, "ed25519");
        // The key can be made, since RSA keys decrypt on this token; what it cannot is answered when it is asked for.
        let key = system.key("sign", "RSA-2048");
        let backend = system.rest("backend");
        for (algorithm, capability) in [("RS256", "rsa-pkcs1-sha256"), ("PS256", "rsa-pss-sha256")] {
            let asked = json!({"message": "AAAA", "algorithm": algorithm});
            let end = system.log_end();
            let refused = lacks(backend.post(&format!("/v1/keys/{key}/sign"), asked), capability);
            system.events_of(end, &refused.request_id).is("crypto.sign", "refused", "unsupported-by-token");
        }
        system.key_manager(&["verify-audit"]).good();
    }

    /// The MOSIP dialect has a code of its own for it.
    fn the_dialect_serves_all_but_two_curves(database: Database) {
        let options = Options { token: Module::Kryoptic, mosip: Some(String::new()), ..Options::default() };
        let system = System::start(database, options);
        let backend = system.mosip("backend");
        let sealed = backend.ask_mosip("/encrypt", to_encrypt("REGISTRATION", "ENCRYPT", "Selam")).response();
        let data = sealed["data"].as_str().expect("data");
        let opened = backend.ask_mosip("/decrypt", to_decrypt("REGISTRATION", "ENCRYPT", data)).response();
        assert_eq!(opened["data"], base64url("Selam"));
        let sign = |reference: &str| {
            let of_key = json!({"applicationId": "OPENG2P", "referenceId": reference});
            let (mut sign, mut verify) = (of_key.clone(), of_key);
            (sign["dataToSign"], sign["includePayload"]) = (json!("e30"), json!(true));
            verify["jwtSignatureData"] = backend.ask_mosip("/jwtSign", sign).response()["jwtSignedData"].clone();
            assert_eq!(backend.ask_mosip("/jwtVerify", verify).response()["signatureValid"], true);
        };
        sign("");
        let make = |reference: &str| {
            let name = json!({"applicationId": "OPENG2P", "referenceId": reference});
            backend.ask_mosip("/generateECSignKey/CERTIFICATE", name)
        };
        make("EC_SECP256R1_SIGN").response();
        sign("EC_SECP256R1_SIGN");
        for reference in ["EC_SECP256K1_SIGN", "ED25519_SIGN"] {
            make(reference).refused_with(200, "KER-KMA-010");
            backend.get(&format!("/getAllCertificates?applicationId=OPENG2P&referenceId={reference}"));
        }
    }

    /// It says at start what is missing, and begins nothing; what needs no such key still works, and so does the same
    /// installation on a token that has it all.
    fn what_no_installation_can_do_without_is_asked_for_at_start(database: Database) {
        let system = System::start(database, Options { token: Module::Kryoptic, ..Options::default() });
        assert!(system.stop("keymanager").is_some());
        let file = &system.test_token().config_file;
        let whole = std::fs::read_to_string(file).expect("the token's configuration");
        let without = |mechanisms: &[&str]| {
            let denied = [&["DENY"], mechanisms].concat();
            std::fs::write(file, format!("{whole}mechanisms = {denied:?}\n")).expect("the token's configuration");
        };
        without(&["CKM_ECDH1_DERIVE", "CKM_RSA_PKCS_OAEP"]);
        let before = system.rows.sql("SELECT count(*) FROM key_version");
        for command in ["init", "serve"] {
            let refused = system.key_manager(&[command]).bad();
            let told = "the token cannot do ecdh-p256, rsa-oaep-sha256";
            assert!(refused.errors.contains(told), "{command}: {}", refused.told());
        }
        assert_eq!(system.rows.sql("SELECT count(*) FROM key_version"), before);
        system.key_manager(&["verify-audit"]).good();
        std::fs::write(file, whole).expect("the token's configuration");
        system.start_key_manager();
        system.wait_until_ready();
        system.key("sign", "P-256");
    }
}
