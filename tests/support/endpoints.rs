//! `endpoints.json` of a system, and the programs and clients that read it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use km_client::Session;
use km_domain::{SecretText, SystemClock};
use serde_json::{Map, Value, json};

use crate::identities::{self, DEMO, Identity};
use crate::people::definition;
use crate::records::REGISTER;
use crate::{System, program, settings};

impl System {
    /// The file that clients read.
    pub fn endpoints(&self) -> PathBuf {
        self.folder().join("endpoints.json")
    }

    /// Writes it: where everything is, and every identity's files.
    pub(crate) fn write_endpoints(&self) {
        let folder = self.folder();
        let mut described: Map<String, Value> =
            identities::ALL.iter().map(|identity| (identity.name.to_owned(), self.described(identity))).collect();
        for person in identities::PEOPLE {
            let mut person_described = self.described(person);
            person_described.as_object_mut().expect("an object").remove("secret_file");
            described.insert(person.name.to_owned(), person_described);
        }
        // Roots are pinned beside it.
        for root in ["evidence-root.pem", "business-root.pem"] {
            std::fs::copy(self.public(root), folder.join(root)).expect("a copy of a root");
        }
        let addresses = self.addresses().clone();
        let own = folder.join("registry");
        let mut text = json!({
            "tenant": DEMO, "register": REGISTER, "ca": self.public("ca.pem"),
            "rest": addresses.rest, "officer": addresses.officer, "grpc": addresses.grpc, "ops": addresses.ops,
            "registry": addresses.registry, "token": format!("{}/token", self.issuer()), "issuer": self.issuer(),
            "services": {"registry": {"certificate": own.join("certificate.pem"), "key": own.join("key.pem")}},
            "identities": described,
        });
        if let Some(mosip) = &addresses.mosip {
            text["mosip"] = json!(mosip);
        }
        std::fs::write(self.endpoints(), text.to_string()).expect("endpoints.json");
    }

    fn described(&self, identity: &Identity) -> Value {
        let mut described = json!({
            "client_id": identity.name,
            "secret_file": settings::secret_file(self.folder(), identity.name),
            "reader_key": self.folder().join("readers").join(format!("{}-reader.pem", identity.name)),
        });
        if identity.tenant == DEMO && identity.roles == ["sealkeep-officer"] {
            let workstation = self.certificate(DEMO, "officer", "workstation");
            described["certificate"] = json!(workstation.certificate);
            described["key"] = json!(workstation.key);
        }
        described
    }

    /// A client of the registry, as programs use it, with an approved key.
    #[track_caller]
    pub fn session(&self, who: &str) -> Session {
        self.reader(who);
        let session = Session::open(&self.endpoints(), who, Arc::new(SystemClock)).expect("a session");
        session.with_token(SecretText::new(self.token(who)))
    }

    /// Has a sender store people in one batch, and checks that every one of them is stored.
    #[track_caller]
    pub fn store(&self, who: &str, drafts: &[km_client::Draft]) {
        let results = crate::wait(self.session(who).put_bulk(&definition(REGISTER), drafts)).expect("stored");
        assert!(results.iter().all(|result| result.problem.is_none()), "{results:#?}");
    }

    /// `registryctl` as this identity; answers are JSON.
    pub fn registryctl(&self, who: &str) -> Command {
        self.program("registryctl", who)
    }

    /// `kmctl` as this identity; answers are JSON.
    pub fn kmctl(&self, who: &str) -> Command {
        self.program("kmctl", who)
    }

    fn program(&self, name: &str, who: &str) -> Command {
        let mut command = Command::new(program::path(name));
        command.arg("--endpoints").arg(self.endpoints()).args(["--as", who, "--json"]);
        command
    }
}
