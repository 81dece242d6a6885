use km_envelope::{jwe, jws};
use km_formats::base64url;
use serde_json::json;

use super::*;

const RECORD: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const OTHER: &str = "01890a5d-ac96-774b-bcce-b302099a8058";
const NOW: i64 = 1_700_000_000;

struct World {
    reader: KeyFile,
    answer: KeyFile,
    keys: ServiceKeys,
    request: OpenRequest,
}

fn world(records: &[&str]) -> World {
    let [reader, answer, ingest] = [(); 3].map(|()| KeyFile::generate().unwrap());
    let keys = ServiceKeys::of_test(&ingest, &answer);
    let query = OpenQuery {
        register: "individual".parse().unwrap(),
        records: records.iter().map(|record| record.parse().unwrap()).collect(),
        fields: vec!["display_name".parse().unwrap(), "phones".parse().unwrap()],
        statement: Statement::of("grievance"),
        history: false,
    };
    let now = Timestamp::from_seconds(NOW);
    let request = OpenRequest::new(&reader, &"demo".parse().unwrap(), query, now).unwrap();
    World { reader, answer, keys, request }
}

impl World {
    fn payload(&self) -> Value {
        let part = self.request.jws.split('.').nth(1).unwrap();
        serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()
    }

    /// What an honest key manager says.
    fn honest(&self) -> Value {
        json!({"request_nonce": self.payload()["nonce"], "tenant": "demo", "register": "individual",
               "records": [{"record": RECORD, "version": 2, "values": {"display_name": "ሰላም"}, "masked": []}],
               "log_index": 7, "checkpoint": null, "iat": NOW})
    }

    fn accept(&self, payload: &Value) -> Result<Opened, ClientError> {
        self.accept_signed(payload, &self.answer, "sealkeep-answer+jws")
    }

    fn accept_signed(&self, payload: &Value, signer: &KeyFile, typ: &str) -> Result<Opened, ClientError> {
        let signed = jws::sign(signer, signer.stored(), "answer.1", typ, payload.to_string().as_bytes()).unwrap();
        let reader = jwe::Recipient { kid: self.reader.kid().to_owned(), public: self.reader.public().clone() };
        let labels = jwe::Labels::around_jws("sealkeep-answer+jwe");
        let answer = jwe::seal_to(&reader, &labels, signed.as_bytes()).unwrap();
        self.request.accept(&self.reader, &self.keys, &OpenedRecords { answer: Some(answer), results: Vec::new() })
    }
}

#[test]
fn a_request_says_what_the_contract_wants() {
    let payload = world(&[RECORD]).payload();
    let members: Vec<&str> = payload.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["exp", "fields", "iat", "nonce", "purpose", "records", "register", "tenant"]);
    assert!(payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap() <= 300);
}

#[test]
fn an_honest_answer_is_accepted() {
    let world = world(&[RECORD]);
    let opened = world.accept(&world.honest()).ok().unwrap();
    let RecordOutcome::Values { version, values, masked } = &opened.records[0].outcome else { panic!("no values") };
    assert_eq!((*version, values["display_name"].expose().as_str(), masked.len()), (2, Some("ሰላም"), 0));
    assert_eq!(opened.certified.unwrap().log_index, 7);
}

#[test]
fn a_false_answer_is_not_accepted() {
    let world = world(&[RECORD]);
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 8] = [
        ("nonce", |a| a["request_nonce"] = json!("another")),
        ("tenant", |a| a["tenant"] = json!("other")),
        ("register", |a| a["register"] = json!("household")),
        ("time", |a| a["iat"] = json!(NOW - 3600)),
        ("invented record", |a| a["records"][0]["record"] = json!(OTHER)),
        ("record twice", |a| {
            let twice = a["records"][0].clone();
            a["records"].as_array_mut().unwrap().push(twice);
        }),
        ("field not asked", |a| a["records"][0]["values"]["national_id"] = json!("1")),
        ("no version", |a| drop(a["records"][0].as_object_mut().unwrap().remove("version"))),
    ];
    for (name, change) in changes {
        let mut answer = world.honest();
        change(&mut answer);
        assert!(matches!(world.accept(&answer), Err(ClientError::NotProven(_))), "accepted: {name}");
    }
    let stranger = KeyFile::generate().unwrap();
    assert!(world.accept_signed(&world.honest(), &stranger, "sealkeep-answer+jws").is_err());
    assert!(world.accept_signed(&world.honest(), &world.answer, "sealkeep-receipt+jws").is_err());
}

#[test]
fn a_record_that_was_not_brought_is_told() {
    let world = world(&[OTHER, RECORD]);
    let opened = world.accept(&world.honest()).ok().unwrap();
    assert!(matches!(&opened.records[0].outcome, RecordOutcome::NotBrought(code) if code == "no-reason-given"));
    assert!(matches!(&opened.records[1].outcome, RecordOutcome::Values { .. }));
}
