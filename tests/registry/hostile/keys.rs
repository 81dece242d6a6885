//! Keys: a registry that gives out another ingest key, or has one of its own enrolled in a reader's name.

use std::path::{Path, PathBuf};
use std::process::Command;

use km_client::{ClientError, IngestKey, ServiceKeys, enrolment};
use km_domain::SecretText;
use km_tests::openssl::{make_key, openssl};
use km_tests::people::{draft, national_id};
use km_tests::program::run;
use km_tests::records::REGISTER;
use km_tests::system::der_of;
use km_tests::{System, base64url, now, on_both};
use serde_json::{Value, json};

use super::holder;
use crate::RECORDS;

/// A key set as somebody between client and key manager might give it out.
struct KeySet(Value);

impl KeySet {
    fn genuine(system: &System) -> Self {
        Self(system.anyone().get("/.well-known/jwks.json?tenant=demo").good())
    }

    fn keys(&mut self) -> &mut Vec<Value> {
        self.0["keys"].as_array_mut().expect("keys")
    }

    /// The newest key to which records are encrypted.
    fn ingest(&mut self) -> &mut Value {
        self.keys().iter_mut().rfind(|key| key["purpose"] == "ingest" && key["kty"] == "EC").expect("an ingest key")
    }

    /// What a client makes of it.
    fn read(&self, system: &System) -> Result<ServiceKeys, ClientError> {
        self.read_under(&der_of(&system.public("business-root.pem")))
    }

    /// What a client would that pins these roots.
    fn read_under(&self, roots: &[Vec<u8>]) -> Result<ServiceKeys, ClientError> {
        ServiceKeys::from_jwks(self.0.to_string().as_bytes(), &"demo".parse().expect("a tenant"), roots, now())
    }
}

/// The coordinates of a P-256 public key, as a JWK has them.
fn coordinates(key: &Path) -> [String; 2] {
    let public = key.with_extension("der");
    openssl("pkey -pubout -outform DER -out", &[&public, Path::new("-in"), key]).good();
    let spki = std::fs::read(public).expect("the public key");
    let point = &spki[spki.len() - 64..];
    [base64url(&point[..32]), base64url(&point[32..])]
}

/// A certificate for this key under a root that calls itself what the business root does, and that root.
fn self_made_chain(system: &System, key: &Path, name: &str) -> Vec<Vec<u8>> {
    let folder = system.folder().join(km_tests::call::request_id());
    std::fs::create_dir(&folder).expect("a folder");
    let file = |name: &str| folder.join(name);
    let (root_key, root, request, leaf) = (file("root.key"), file("root.pem"), file("leaf.csr"), file("leaf.pem"));
    make_key(&root_key);
    let genuine = openssl("x509 -noout -subject -nameopt compat -in", &[&system.public("business-root.pem")]).good();
    let subject = genuine.output.trim().trim_start_matches("subject=").to_owned();
    std::fs::write(file("extensions"), "keyUsage = critical, keyAgreement\n").expect("a file");
    let openssl = |arguments: &[&str], paths: &[(&str, &PathBuf)]| {
        let mut command = Command::new("openssl");
        command.args(arguments);
        for (option, path) in paths {
            command.arg(option).arg(path);
        }
        run(&mut command).good();
    };
    openssl(&["req", "-x509", "-new", "-days", "30", "-subj", &subject], &[("-key", &root_key), ("-out", &root)]);
    openssl(
        &["req", "-new", "-subj", &format!("/OU=ingest/CN={name}")],
        &[("-key", &key.to_owned()), ("-out", &request)],
    );
    openssl(
        &["x509", "-req", "-days", "20", "-CAcreateserial"],
        &[("-in", &request), ("-CA", &root), ("-CAkey", &root_key), ("-extfile", &file("extensions")), ("-out", &leaf)],
    );
    [der_of(&leaf), der_of(&root)].concat()
}

fn x5c(chain: &[Vec<u8>]) -> Value {
    use base64::Engine;
    chain.iter().map(|one| base64::engine::general_purpose::STANDARD.encode(one)).collect()
}

on_both! {
    fn a_swapped_ingest_key_is_refused_by_the_client(system: &System) {
        let name = KeySet::genuine(system).ingest()["kid"].as_str().expect("a name").to_owned();
        assert_eq!(KeySet::genuine(system).read(system).expect("the genuine set").ingest().kid, name);
        let own = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
        make_key(&own);
        let [x, y] = coordinates(&own);
        // The certificate that a registry has, under a root of the same installation.
        let registry = system.certificate("demo", "registry", "hostile-registry");
        let [its_x, its_y] = coordinates(&registry.key);
        let chain = self_made_chain(system, &own, &name);
        let self_made = x5c(&chain);
        let of_registry = x5c(&der_of(&registry.certificate));
        type Swap<'a> = &'a dyn Fn(&mut Value);
        let swaps: [(&str, Swap); 6] = [
            ("its own key under the genuine certificate", &|key| (key["x"], key["y"]) = (json!(x), json!(y))),
            ("its own key without a certificate", &|key| {
                (key["x"], key["y"]) = (json!(x), json!(y));
                key.as_object_mut().expect("a key").remove("x5c");
            }),
            ("its own key under a root that it made", &|key| {
                (key["x"], key["y"], key["x5c"]) = (json!(x), json!(y), self_made.clone())
            }),
            ("the key of its own certificate", &|key| {
                (key["x"], key["y"], key["x5c"]) = (json!(its_x), json!(its_y), of_registry.clone())
            }),
            ("the genuine key under another name", &|key| key["kid"] = json!("ingest.99")),
            ("the genuine key as another tenant's", &|key| key["tenant"] = json!("other")),
        ];
        for (what, swap) in swaps {
            let mut set = KeySet::genuine(system);
            swap(set.ingest());
            match set.read(system) {
                Err(ClientError::NotProven(why)) => assert!(why.contains("no ingest key"), "{what}: {why}"),
                Err(other) => panic!("{what}: {other}"),
                Ok(_) => panic!("{what}: the client would encrypt to it"),
            }
        }
        // The forger makes good chains: whoever pinned its root would believe it.
        let mut set = KeySet::genuine(system);
        let key = set.ingest();
        (key["x"], key["y"], key["x5c"]) = (json!(x), json!(y), self_made.clone());
        assert!(set.read_under(&chain[1..]).is_ok());
        // The answer key passed off as one to encrypt to, and no key at all.
        let mut set = KeySet::genuine(system);
        set.keys().retain(|key| key["purpose"] != "ingest");
        assert!(set.read(system).is_err());
        let answer = set.keys().iter_mut().find(|key| key["purpose"] == "answer").expect("an answer key");
        (answer["purpose"], answer["use"]) = (json!("ingest"), json!("enc"));
        assert!(set.read(system).is_err());
        // Another one beside the genuine key, newer by its name, is passed over.
        let mut set = KeySet::genuine(system);
        let mut newer = set.ingest().clone();
        (newer["kid"], newer["x"], newer["y"], newer["x5c"]) =
            (json!("ingest.99"), json!(x), json!(y), self_made.clone());
        set.keys().push(newer);
        assert_eq!(set.read(system).expect("the genuine key is there").ingest().kid, name);
    }

    /// A sender who was deceived all the same: the key manager cannot open it and says so in the log; nothing is stored.
    fn a_record_sealed_to_another_key_is_refused_by_the_key_manager(system: &System) {
        let sender = system.reader("backend");
        let genuine = system.service_keys(&sender.tenant);
        let another = system.new_reader("backend", "not-the-ingest-key");
        let definition = km_tests::people::definition(REGISTER);
        for (name, code) in [(genuine.ingest().kid.as_str(), "not-opened"), ("ingest.99", "ingest-key-unknown")] {
            let ingest = IngestKey { kid: name.to_owned(), public: another.key.public().clone() };
            let sealer = km_client::Sealer { ingest: &ingest, ..sender.sealer(&genuine, &definition) };
            let person = draft(&national_id());
            let sealed = sealer.seal(&person, now()).expect("a record that keeps the rules");
            let client = system.registry("backend").with_header("if-none-match", "*");
            let end = system.log_end();
            let path = format!("{RECORDS}/{}", person.record);
            let refused = client.put(&path, json!({"jwe": sealed.jwe})).refused(422, code);
            let events = system.events_of(end, &refused.request_id).0;
            let refusal = events.iter().find(|event| event["kind"] == "record.sealed" && event["outcome"] == "refused");
            assert_eq!(refusal.map(|event| &event["reason"]), Some(&json!(code)), "{events:#?}");
            let stored = format!("SELECT count(*) FROM records WHERE record = '{}'", person.record);
            assert_eq!(system.registry_rows.sql(&stored), "0");
        }
    }

    /// With a caseworker's live token the registry enrols a key of its own: it waits for an officer, and opens nothing.
    fn a_readers_key_of_its_own_opens_nothing(system: &System) {
        let (record, _) = holder(system);
        let token = system.token("caseworker");
        let own = system.new_reader("caseworker", "registrys-own");
        let whose = km_client::Holder::of(&SecretText::new(token.clone())).expect("a holder");
        let body = serde_json::to_value(enrolment(&own.key, &whose, now()).expect("an enrolment")).expect("JSON");
        let end = system.log_end();
        let answer = system.anyone().with_token(&token).post("/v1/me/keys", body);
        let event = system.events_of(end, &answer.request_id).is("enrolment.requested", "done", "").clone();
        assert_eq!(event["object"], format!("key {}", own.key.kid()));
        assert_eq!(answer.good()["state"], "waiting");
        let request = system.open_request(&own, &[record], &["national_id"]).jws;
        let path = format!("{RECORDS}/{record}/open");
        let end = system.log_end();
        let refused =
            system.registry("caseworker").post(&path, json!({"request": request})).refused(403, "key-not-enrolled");
        system.events_of(end, &refused.request_id).is("record.opened", "refused", "key-not-enrolled");
        // It would approve the key itself, with an officer's live token: the officers' door wants another certificate.
        let registry = system.certificate("demo", "registry", "hostile-registry");
        let path = format!("/v1/officer/enrolments/{}/approve", own.key.kid());
        let at_door = system.at_officer_door(Some(registry.files())).with_token(system.token("officer"));
        let end = system.log_end();
        let refused = at_door.post(&path, json!({})).refused(403, "certificate-refused");
        system.events_of(end, &refused.request_id).is("access.refused", "refused", "certificate-refused");
    }

    /// The same JWE under another record of the registry's choosing would be a copy of a person.
    fn a_sealed_record_is_stored_where_it_was_sealed_for_only(system: &System) {
        let sender = system.reader("backend");
        let person = draft(&national_id());
        let jwe = crate::jwe(system, &sender, &person);
        let message = |record: String, version| km_proto::v1::SealRecordRequest {
            register: REGISTER.into(),
            items: vec![km_proto::v1::SealItem {
                jwe: jwe.clone(),
                records: vec![km_proto::v1::RecordVersion { register: REGISTER.into(), record, version }],
            }],
            ..Default::default()
        };
        let grpc = system.registry_for(&sender);
        for (message, code) in [
            (message(km_tests::people::new_id().to_string(), 1), "record-mismatch"),
            (message(person.record.to_string(), 2), "version-mismatch"),
        ] {
            let end = system.log_end();
            let called = grpc.seal_record(message);
            let id = called.request_id.clone();
            assert_eq!(km_tests::records::refusal(&called.good().results[0]).code, code);
            let events = system.events_of(end, &id).0;
            assert!(
                events.iter().any(|event| event["kind"] == "record.sealed" && event["reason"] == code),
                "{events:#?}"
            );
        }
    }
}

on_both! {
    /// With a backend's live token the registry has anything signed by that backend's own key, which the same root certifies.
    fn a_callers_signing_key_does_not_pass_for_the_answer_key(system: &System) {
        let name = format!("{}.1", system.key("sign", "P-256"));
        let mut set = KeySet::genuine(system);
        let of_caller = set.keys().iter_mut().find(|key| key["kid"] == name.as_str()).expect("the caller's key");
        assert!(of_caller["x5c"].is_array(), "{of_caller}");
        of_caller["purpose"] = json!("answer");
        let read = set.read(system).expect("the genuine ingest key");
        assert!(read.answer(&name).is_none(), "the client would believe what the caller's key signs");
        assert!(read.answer("answer.1").is_some());
    }
}
