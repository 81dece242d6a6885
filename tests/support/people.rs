//! Readers and senders: identities with an enrolled key, and records as they send them.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::Answer;
use km_api::readers::EnrolledKey;
use km_client::{Draft, Holder, KeyFile, Sealer, ServiceKeys, enrolment, new_record_id};
use km_domain::register::RegisterDefinition;
use km_domain::{RecordId, SecretText, TenantId};
use serde_json::{Map, Value, json};

use crate::identities::identity;
use crate::{System, now, settings};

/// An identity and its key.
pub struct Reader {
    pub who: &'static str,
    pub tenant: TenantId,
    pub key: KeyFile,
    pub key_file: PathBuf,
}

impl System {
    /// The identity with a key that is enrolled and approved. The same key at every call.
    #[track_caller]
    pub fn reader(&self, who: &str) -> Reader {
        // Tests share systems, and a key is enrolled once.
        static ENROLLING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = ENROLLING.lock().unwrap_or_else(PoisonError::into_inner);
        let reader = self.new_reader(who, "reader");
        if self.rest(who).get("/v1/me/keys").good()["keys"]
            .as_array()
            .is_some_and(|keys| keys.iter().any(|key| key["id"] == reader.key.kid() && key["state"] == "active"))
        {
            return reader;
        }
        let enrolled = self.enrol(&reader);
        let officer = match (reader.tenant.as_str(), who) {
            ("demo", "officer") => "second-officer",
            ("demo", _) => "officer",
            _ => "other-officer",
        };
        let path = format!("/v1/officer/enrolments/{}/approve", enrolled.id);
        let approved = self.officer(officer).post(&path, json!({}));
        // Another test may have approved it a moment ago.
        assert!(approved.status == 200 || approved.code() == "enrolment-not-waiting", "{}", approved.text());
        reader
    }

    /// The identity with a key of this name that nobody has enrolled.
    pub fn new_reader(&self, who: &str, key_name: &str) -> Reader {
        let identity = identity(who);
        let key_file = self.folder().join("readers").join(format!("{who}-{key_name}.pem"));
        let _one_at_a_time = self.making.lock().expect("no panic while a key was made");
        std::fs::create_dir_all(key_file.parent().expect("a folder")).expect("a folder for keys");
        let key = KeyFile::read_or_create(&key_file).expect("a key");
        Reader { who: identity.name, tenant: identity.tenant.parse().expect("a tenant"), key, key_file }
    }

    /// Sends the enrolment of the reader's key.
    #[track_caller]
    pub fn enrol(&self, reader: &Reader) -> EnrolledKey {
        serde_json::from_value(self.ask_to_enrol(reader).good()).expect("an enrolled key")
    }

    /// As [`System::enrol`], with whatever is answered.
    pub fn ask_to_enrol(&self, reader: &Reader) -> Answer {
        let client = self.rest(reader.who);
        let holder = Holder::of(&SecretText::new(client.token().to_owned())).expect("a token that names its holder");
        let body = enrolment(&reader.key, &holder, now()).expect("an enrolment");
        client.post("/v1/me/keys", serde_json::to_value(&body).expect("JSON"))
    }

    /// The key manager's certified keys of this tenant, checked up to the pinned root.
    #[track_caller]
    pub fn service_keys(&self, tenant: &TenantId) -> ServiceKeys {
        let jwks = self.anyone().get(&format!("/.well-known/jwks.json?tenant={tenant}"));
        let roots = crate::system::der_of(&self.public("business-root.pem"));
        ServiceKeys::from_jwks(&jwks.bytes, tenant, &roots, now()).expect("certified keys")
    }
}

/// A register definition that ships.
pub fn definition(register: &str) -> RegisterDefinition {
    let text = std::fs::read_to_string(settings::registers().join(format!("{register}.json"))).expect("a definition");
    RegisterDefinition::from_json(&text).expect("a definition that reads")
}

impl Reader {
    pub fn sealer<'a>(&'a self, keys: &'a ServiceKeys, definition: &'a RegisterDefinition) -> Sealer<'a> {
        Sealer { key: &self.key, ingest: keys.ingest(), tenant: &self.tenant, definition }
    }
}

/// A new record of the register `individual`.
pub fn draft(national_id: &str) -> Draft {
    Draft { record: new_id(), base_version: 0, fields: fields(national_id) }
}

pub fn new_id() -> RecordId {
    new_record_id(now())
}

/// A plainly synthetic person.
pub fn fields(national_id: &str) -> Map<String, Value> {
    let fields = json!({
        "national_id": national_id,
        "family_name": "Sample",
        "given_name": "Person",
        "display_name": "Person Sample",
        "birth_date": "1984-05-17",
    });
    fields.as_object().expect("an object").clone()
}

/// A national id that no other test uses.
pub fn national_id() -> String {
    let id = new_id().to_string().replace('-', "").to_uppercase();
    id[id.len() - 20..].to_owned()
}
