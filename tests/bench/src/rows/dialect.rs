//! The MOSIP dialect, 1 KiB a call: TLS, token checked, audit durable. Beside our figures stand those that MOSIP publishes of its own.

use km_test_support::TestToken;
use km_tests::mosip::{enveloped, to_decrypt, to_encrypt};
use km_tests::openssl::openssl;
use km_tests::{System, base64url};
use serde_json::{Value, json};

use crate::ceilings::bare::BareServer;
use crate::ceilings::dialect::Public;
use crate::ceilings::token::{BareToken, decrypt_rsa, sign_rs256};
use crate::load::Request;
use crate::measure::{Plan, Row, Title, rounds};
use crate::report::{Fact, Report};
use crate::settings;

pub const ENCRYPT: Title = Title {
    name: "mosip-encrypt",
    what: "MOSIP /encrypt of 1 KiB",
    ceiling: "bare actix handler with the same AES-GCM and RSA-OAEP",
    reach: 0.4,
    in_the_way: "what the bare handler does not do: token, roles and rights checked, a hand-over to a lane and one to the commit thread, the \
        event hashed and written",
};

pub const DECRYPT: Title = Title {
    name: "mosip-decrypt",
    what: "MOSIP /decrypt of 1 KiB",
    ceiling: "the token alone: RSA-2048 without padding",
    reach: 0.8,
    in_the_way: "as for REST decrypt: HTTP, JSON and the commit run on the cores that the token computes on",
};

pub const SIGN: Title = Title {
    name: "mosip-jwtsign",
    what: "MOSIP /jwtSign RS256 of 1 KiB",
    ceiling: "the token alone: RSA-2048 signature",
    reach: 0.8,
    in_the_way: "as for REST sign: HTTP, JSON and the commit run on the cores that the token computes on",
};

pub const VERIFY: Title = Title {
    name: "mosip-jwtverify",
    what: "MOSIP /jwtVerify RS256 of 1 KiB",
    ceiling: "bare actix handler with the library's verification",
    reach: 0.5,
    in_the_way: "as for /encrypt; a verification takes the library less time than the event its record",
};

/// The rows, and what MOSIP publishes: operations a second.
const PUBLISHED: [(&Title, &str); 4] =
    [(&ENCRYPT, "258–293"), (&DECRYPT, "136–143"), (&SIGN, "145–155"), (&VERIFY, "337–440")];

/// Its conditions: reference/mosip-keymanager.md, section 5.1.
const CONDITIONS: &str = "performance report of 1.2.0, one pod with 1 CPU and 5000 MB, SoftHSM, an hour with 10 to 80 users of JMeter, \
    no log of calls; PIN calls 2.8 a second";

/// Adds those rows that are wanted.
pub fn run(
    plan: &Plan,
    wants: &dyn Fn(&Title) -> bool,
    system: &System,
    token: &TestToken,
    alone: &BareToken,
    report: &mut Report,
) {
    if !PUBLISHED.iter().any(|(title, _)| wants(title)) {
        return;
    }
    let dialect = Dialect::new(system);
    let bare = BareServer::with_dialect(token, settings::workers(system), &dialect.public());
    report.settings.push(("MOSIP's own figures".to_owned(), CONDITIONS.to_owned()));
    for (title, published) in PUBLISHED {
        if !wants(title) {
            continue;
        }
        let row = match title.name {
            name if name == ENCRYPT.name => dialect.encrypt(plan, &bare),
            name if name == DECRYPT.name => dialect.decrypt(plan, alone),
            name if name == SIGN.name => dialect.sign(plan, alone),
            _ => dialect.verify(plan, &bare),
        };
        report.facts.push(beside(&row, published));
        report.rows.push(row);
    }
}

/// Ours for one processor beside MOSIP's for one: the key manager's processor time alone, as MOSIP's pod has its CPU for itself.
fn beside(row: &Row, published: &str) -> Fact {
    let ours = row.levels.first().map_or(0.0, |level| 1e6 / level.processor.max(1e-3));
    Fact::told(format!("{}: a second of processor; MOSIP publishes {published}", row.title.what), format!("{ours:.0}"))
}

/// The calls, each tried once before it is measured: a refusal has status 200 too.
struct Dialect<'a> {
    system: &'a System,
    payload: Vec<u8>,
    sealed: String,
    signed: String,
}

impl<'a> Dialect<'a> {
    fn new(system: &'a System) -> Self {
        // jwtSign wants text, and JSON is what its clients send.
        let payload = json!({"name": "x".repeat(1024 - "{\"name\":\"\"}".len())}).to_string().into_bytes();
        assert_eq!(payload.len(), 1024);
        let mut dialect = Self { system, payload, sealed: String::new(), signed: String::new() };
        dialect.sealed = dialect.answered("/encrypt", dialect.to_encrypt(), "data");
        dialect.signed = dialect.answered("/jwtSign", dialect.to_sign(), "jwtSignedData");
        assert_eq!(dialect.answered("/decrypt", dialect.to_decrypt(), "data"), base64url(&dialect.payload));
        let verified = system.mosip("backend").ask_mosip("/jwtVerify", dialect.to_verify()).response();
        assert_eq!(verified["signatureValid"], true);
        dialect
    }

    fn answered(&self, path: &str, request: Value, member: &str) -> String {
        let response = self.system.mosip("backend").ask_mosip(path, request).response();
        response[member].as_str().expect("a text").to_owned()
    }

    fn to_encrypt(&self) -> Value {
        to_encrypt("REGISTRATION", "ENCRYPT", &self.payload)
    }

    fn to_decrypt(&self) -> Value {
        to_decrypt("REGISTRATION", "ENCRYPT", &self.sealed)
    }

    fn to_sign(&self) -> Value {
        json!({"dataToSign": base64url(&self.payload), "applicationId": "OPENG2P", "referenceId": "", "includePayload": true})
    }

    fn to_verify(&self) -> Value {
        json!({"jwtSignatureData": self.signed, "applicationId": "OPENG2P", "referenceId": "", "validateTrust": false})
    }

    /// The keys of what is measured, for the bare handler.
    fn public(&self) -> Public {
        let of = |application: &str, reference: &str| {
            let path = format!("/getCertificate?applicationId={application}&referenceId={reference}");
            let response = self.system.mosip("backend").get(&path).response();
            let [pem, key, der] = ["pem", "key", "der"]
                .map(|kind| self.system.folder().join(format!("bench-{application}{reference}.{kind}")));
            std::fs::write(&pem, response["certificate"].as_str().expect("PEM")).expect("a certificate");
            std::fs::write(&key, openssl("x509 -noout -pubkey -in", &[&pem]).good().output).expect("a public key");
            openssl(&format!("pkey -pubin -outform DER -out {} -in", der.display()), &[&key]).good();
            std::fs::read(der).expect("a public key")
        };
        Public { recipient: of("REGISTRATION", "ENCRYPT"), signer: of("OPENG2P", "") }
    }

    fn encrypt(&self, plan: &Plan, bare: &BareServer) -> Row {
        let ceiling = self.at_bare(bare, "/dialect/encrypt", self.to_encrypt());
        self.rows(plan, ENCRYPT, "/encrypt", self.to_encrypt(), || ceiling.run(bare.process_id(), 32, plan.time))
    }

    fn verify(&self, plan: &Plan, bare: &BareServer) -> Row {
        let ceiling = self.at_bare(bare, "/dialect/jwtVerify", self.to_verify());
        self.rows(plan, VERIFY, "/jwtVerify", self.to_verify(), || ceiling.run(bare.process_id(), 32, plan.time))
    }

    fn decrypt(&self, plan: &Plan, alone: &BareToken) -> Row {
        let (public, private) = alone.rsa();
        let block = alone.encrypted_block(public);
        let ceiling = || {
            alone.best(plan.time, |session| {
                decrypt_rsa(session, private, &block);
                1
            })
        };
        self.rows(plan, DECRYPT, "/decrypt", self.to_decrypt(), ceiling)
    }

    fn sign(&self, plan: &Plan, alone: &BareToken) -> Row {
        let (_, key) = alone.rsa();
        let ceiling = || {
            alone.best(plan.time, |session| {
                sign_rs256(session, key, &self.payload);
                1
            })
        };
        self.rows(plan, SIGN, "/jwtSign", self.to_sign(), ceiling)
    }

    /// The same request at the bare handler, with the headers that ours gets.
    fn at_bare(&self, bare: &BareServer, path: &str, request: Value) -> Request {
        Request::post(format!("{}{path}", bare.url), Some(&self.system.token("backend")), &enveloped(request), 1)
    }

    fn rows<C: Into<crate::measure::Ceiling>>(
        &self,
        plan: &Plan,
        title: Title,
        path: &str,
        request: Value,
        ceiling: impl FnMut() -> C,
    ) -> Row {
        let url = format!("{}{path}", self.system.mosip_anyone().base());
        let ours = Request::post(url, Some(&self.system.fresh_token("backend")), &enveloped(request), 1);
        let server = self.system.process_id("keymanager");
        let note = "an operation is a call".to_owned();
        rounds(plan, title, note, ceiling, |connections| ours.run(server, connections, plan.time))
    }
}
