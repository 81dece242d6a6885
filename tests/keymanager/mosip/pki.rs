//! Authorities and partners of a domain, made by openssl.

use std::path::PathBuf;
use std::process::Command;

use km_tests::program::run;
use km_tests::{Answer, Client, System};
use serde_json::json;

pub const AUTHORITY: &str =
    "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign,digitalSignature\n";
pub const PARTNER: &str = "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\n";

/// A key and its certificate, in a folder of its own from which it also issues.
pub struct Party {
    folder: PathBuf,
}

/// What a certificate shall be.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Of openssl's form `/O=Example/CN=x`, without blanks.
    pub subject: &'a str,
    /// Of openssl's form `rsa:2048`, or the name of a curve.
    pub key: &'a str,
    /// Of openssl's form `20250101000000Z`.
    pub begin: &'a str,
    pub end: &'a str,
    pub extensions: &'a str,
    pub digest: &'a str,
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Self {
            subject: "/O=Example/CN=party",
            key: "P-256",
            begin: "20250101000000Z",
            end: "20450101000000Z",
            extensions: PARTNER,
            digest: "sha256",
        }
    }
}

impl Party {
    /// Issued by the one above, or by itself.
    pub fn new(system: &System, above: Option<&Self>, wanted: Wanted<'_>) -> Self {
        let folder = system.folder().join(km_tests::call::request_id());
        std::fs::create_dir(&folder).expect("a folder");
        let party = Self { folder };
        for (name, text) in [("index", ""), ("serial", "1001"), ("crlnumber", "01"), ("extensions", wanted.extensions)]
        {
            std::fs::write(party.path(name), text).expect("a file");
        }
        let parts = ["C", "ST", "L", "O", "OU", "CN"].map(|part| format!("{part}=optional\n")).concat();
        let configuration = format!(
            "[ca]\ndefault_ca=me\n[me]\nnew_certs_dir={0}\ndatabase={0}/index\nserial={0}/serial\ncrlnumber={0}/crlnumber\nunique_subject=no\npolicy=any\npreserve=yes\ndefault_crl_days=7\n[any]\n{parts}",
            party.folder.display()
        );
        std::fs::write(party.path("ca.cnf"), configuration).expect("a file");
        let key = match wanted.key {
            rsa if rsa.starts_with("rsa:") => format!("-newkey {rsa}"),
            curve => format!("-newkey ec -pkeyopt ec_paramgen_curve:{curve}"),
        };
        party.openssl(&format!("req -new -nodes {key} -subj {} -utf8 -keyout key.pem -out csr.pem", wanted.subject));
        let by = above.unwrap_or(&party);
        let issuer = match above {
            Some(above) => {
                format!("-cert {} -keyfile {}", above.path("cert.pem").display(), above.path("key.pem").display())
            }
            None => "-selfsign -keyfile key.pem".to_owned(),
        };
        let extensions = if wanted.extensions.is_empty() { "" } else { "-extfile extensions" };
        party.openssl(&format!(
            "ca -batch -notext -config {} {issuer} -md {} -startdate {} -enddate {} {extensions} -in csr.pem -out cert.pem",
            by.path("ca.cnf").display(),
            wanted.digest,
            wanted.begin,
            wanted.end
        ));
        party
    }

    /// A root and one authority below it.
    pub fn authorities(system: &System, name: &str) -> [Self; 2] {
        let subject = |kind: &str| format!("/C=ET/O=Example/OU={name}/CN={kind}-{name}");
        let root =
            Self::new(system, None, Wanted { subject: &subject("root"), extensions: AUTHORITY, ..Wanted::default() });
        let below = Self::new(
            system,
            Some(&root),
            Wanted { subject: &subject("issuing"), extensions: AUTHORITY, ..Wanted::default() },
        );
        [root, below]
    }

    /// A partner below this one, with an RSA key.
    pub fn partner(&self, system: &System) -> Self {
        Self::new(
            system,
            Some(self),
            Wanted { subject: "/C=ET/ST=AA/L=Addis/O=Example/OU=IT/CN=partner", key: "rsa:2048", ..Wanted::default() },
        )
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn pem(&self) -> String {
        std::fs::read_to_string(self.path("cert.pem")).expect("a certificate")
    }

    /// Takes back a certificate of this one's.
    pub fn revoke(&self, other: &Self, reason: &str) {
        self.openssl(&format!(
            "ca -config ca.cnf -cert cert.pem -keyfile key.pem -md sha256 -revoke {} -crl_reason {reason}",
            other.path("cert.pem").display()
        ));
    }

    /// The newest revocation list, PEM.
    pub fn list(&self) -> String {
        self.openssl("ca -config ca.cnf -cert cert.pem -keyfile key.pem -md sha256 -gencrl -out list.pem");
        std::fs::read_to_string(self.path("list.pem")).expect("a list")
    }

    /// Certificates in PKCS#7, base64url, in this order.
    pub fn bundle(parties: &[&Self]) -> String {
        let all: String = parties.iter().map(|party| party.pem()).collect();
        let first = parties[0];
        std::fs::write(first.path("all.pem"), all).expect("a file");
        first.openssl("crl2pkcs7 -nocrl -certfile all.pem -outform DER -out all.p7b");
        km_tests::base64url(std::fs::read(first.path("all.p7b")).expect("a bundle"))
    }

    #[track_caller]
    pub fn openssl(&self, arguments: &str) -> String {
        let words = arguments.split(' ').filter(|word| !word.is_empty());
        run(Command::new("openssl").current_dir(&self.folder).args(words)).good().output
    }
}

/// Uploads authorities.
pub fn upload_authority(client: &Client, domain: &str, text: &str) -> Answer {
    client.ask_mosip("/uploadCACertificate", json!({"certificateData": text, "partnerDomain": domain}))
}

/// Uploads authorities, all of which must be taken.
#[track_caller]
pub fn trust(client: &Client, domain: &str, parties: &[&Party]) {
    for party in parties {
        assert_eq!(upload_authority(client, domain, &party.pem()).response()["status"], "Upload Success.");
    }
}

/// Uploads a partner of the organization `Example`.
pub fn upload_partner(client: &Client, domain: &str, text: &str) -> Answer {
    client.ask_mosip(
        "/uploadPartnerCertificate",
        json!({"certificateData": text, "organizationName": "Example", "partnerDomain": domain}),
    )
}

/// Whether a domain trusts a certificate.
#[track_caller]
pub fn is_trusted(client: &Client, domain: &str, text: &str) -> bool {
    let asked = json!({"certificateData": text, "partnerDomain": domain});
    client.ask_mosip("/verifyCertificateTrust", asked).response()["status"].as_bool().expect("a truth value")
}

/// The certificates of a PKCS#7 message, PEM, in their order.
#[track_caller]
pub fn unbundled(system: &System, der: &[u8]) -> Vec<String> {
    let file = system.folder().join(km_tests::call::request_id());
    std::fs::write(&file, der).expect("a file");
    let text = km_tests::openssl::openssl("pkcs7 -inform DER -print_certs -in", &[&file]).good().output;
    let end = "-----END CERTIFICATE-----\n";
    let blocks = text.split_inclusive(end).filter_map(|block| Some(block[block.find("-----BEGIN")?..].to_owned()));
    blocks.collect()
}
