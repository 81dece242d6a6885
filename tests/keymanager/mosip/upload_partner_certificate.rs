//! `POST /uploadPartnerCertificate`

use km_tests::{Options, System, from_base64url, on_both, on_each};
use serde_json::{Value, json};

use super::{
    all, fresh, is_signed_by, master,
    pki::{AUTHORITY, PARTNER, Party, Wanted, is_trusted, trust, unbundled, upload_authority, upload_partner},
    x509,
};

/// The certificates that a partner gets, PEM.
#[track_caller]
fn issued(system: &System, answer: &Value) -> Vec<String> {
    unbundled(system, &from_base64url(answer["signedCertificateData"].as_str().expect("a bundle")))
}

on_both! {
    fn a_partner_gets_a_certificate_that_issues_nothing(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        for domain in ["AUTH", "DEVICE"] {
            trust(&backend, domain, &[&root, &below]);
            let partner = below.partner(system);
            let answer = upload_partner(&backend, domain, &partner.pem()).response();
            assert_eq!(answer["certificateId"].as_str().map(str::len), Some(36));
            let chain: Vec<Value> = issued(system, &answer).into_iter().map(Value::from).collect();
            assert_eq!(chain.len(), 3, "partner, PMS, ROOT");
            let [pms, own_root] = [("PMS", ""), ("ROOT", "")].map(|(application, reference)| all(&backend, application, reference)[0]["certificateData"].clone());
            assert_eq!((&chain[1], &chain[2]), (&pms, &own_root));
            assert!(is_signed_by(system, &chain[0], &[&pms, &own_root]));
            let said = x509(system, &chain[0], "-text");
            assert!(said.contains("CA:FALSE") && !said.contains("Certificate Sign"), "{said}");
            assert!(said.contains("Digital Signature") && said.contains("Key Encipherment") == (domain == "AUTH"), "{said}");
            assert_eq!(x509(system, &chain[0], "-pubkey"), x509(system, &Value::from(partner.pem()), "-pubkey"));
            assert_eq!(x509(system, &chain[0], "-subject"), "subject=C = ET, ST = AA, L = Addis, O = Example, OU = IT, CN = partner");
            let [begin, end] = ["-startdate", "-enddate"].map(|which| x509(system, &chain[0], which));
            let year = |line: &str| line.split(' ').rev().nth(1).and_then(|year| year.parse::<u32>().ok()).expect("a year");
            assert_eq!(year(&end), year(&begin) + 1, "{begin} {end}");
            // The domain trusts it, and those that issued it stand in its store; nothing below it is trusted.
            let ours = chain[0].as_str().expect("PEM");
            assert!(is_trusted(&backend, domain, ours));
            std::fs::write(partner.path("cert.pem"), ours).expect("a file");
            let child = Party::new(system, Some(&partner), Wanted::default());
            assert!(!is_trusted(&backend, domain, &child.pem()));
        }
    }

    /// The makers of chips keep the certificate that they have.
    fn the_domain_ftm_is_not_signed(system: &System) {
        let backend = system.mosip("backend");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        trust(&backend, "FTM", &[&root, &below]);
        let partner = below.partner(system);
        let answer = upload_partner(&backend, "FTM", &partner.pem()).response();
        assert_eq!(issued(system, &answer), [partner.pem(), below.pem(), root.pem()]);
    }

    fn keys_on_curves_are_signed_too(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, _] = Party::authorities(system, &fresh("CA"));
        trust(&backend, "AUTH", &[&root]);
        for key in ["P-256", "P-384", "secp256k1"] {
            let partner = Party::new(system, Some(&root), Wanted { key, ..Wanted::default() });
            let chain = issued(system, &upload_partner(&backend, "AUTH", &partner.pem()).response());
            let said = x509(system, &Value::from(chain[0].clone()), "-text");
            // Nobody encrypts to such a key as to one of RSA.
            assert!(said.contains(key) && !said.contains("Key Encipherment"), "{said}");
        }
    }

    fn what_no_partner_may_bring_has_its_code(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        trust(&backend, "AUTH", &[&root, &below]);
        let [_, stranger] = Party::authorities(system, &fresh("CA"));
        let code = |above: Option<&Party>, wanted: Wanted<'_>| {
            let answer = upload_partner(&backend, "AUTH", &Party::new(system, above, wanted).pem());
            (answer.body["errors"][0]["errorCode"].as_str().unwrap_or("taken").to_owned(), answer.body["errors"][0]["message"].as_str().unwrap_or_default().to_owned())
        };
        let good = Wanted::default();
        let of = |days: u64| {
            let day = km_tests::now().plus(std::time::Duration::from_secs(days * 86_400)).to_string();
            format!("{}000000Z", day[..10].replace('-', ""))
        };
        let (short, enough) = (of(330), of(340));
        for (above, wanted, expected) in [
            (Some(&below), Wanted { begin: "20400101000000Z", ..good }, "KER-PMS-020"),
            (Some(&below), Wanted { begin: "20200101000000Z", end: "20250102000000Z", ..good }, "KER-PCM-004"),
            (Some(&below), Wanted { end: &short, ..good }, "KER-KMS-021"),
            (Some(&below), Wanted { end: &enough, ..good }, "taken"),
            (None, good, "KER-PCM-015"),
            (Some(&stranger), good, "KER-PCM-006"),
            (Some(&below), Wanted { extensions: "", ..good }, "KER-PCM-007"),
            (Some(&below), Wanted { subject: "/O=Another/CN=x", ..good }, "KER-PCM-008"),
            (Some(&below), Wanted { subject: "/CN=x", ..good }, "KER-PCM-008"),
            (Some(&below), Wanted { subject: "/O=example/CN=x", ..good }, "KER-PCM-008"),
            (Some(&below), Wanted { key: "rsa:1024", ..good }, "KER-PCM-013"),
            (Some(&below), Wanted { key: "secp224r1", ..good }, "KER-PCM-001"),
            (Some(&below), Wanted { digest: "sha1", ..good }, "KER-PCM-014"),
            (Some(&below), Wanted { subject: "/O=Example/CN=a\u{202e}b", ..good }, "KER-PCM-001"),
            (Some(&below), good, "taken"),
        ] {
            assert_eq!(code(above, wanted).0, expected, "{} {} {}", wanted.subject, wanted.key, wanted.begin);
        }
        assert_eq!(code(Some(&below), Wanted { end: &short, ..good }).1, "The PARTNER Certificate validity is less than required minimum validity");
        upload_partner(&backend, "NOWHERE", &below.partner(system).pem()).refused_with(200, "KER-PCM-011");
        upload_partner(&backend, "AUTH", "no certificate").refused_with(200, "KER-PCM-001");
    }

    fn a_revoked_partner_is_not_taken(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, _] = Party::authorities(system, &fresh("CA"));
        trust(&backend, "AUTH", &[&root]);
        let partner = root.partner(system);
        root.revoke(&partner, "keyCompromise");
        upload_authority(&backend, "AUTH", &root.list()).response();
        let said = upload_partner(&backend, "AUTH", &partner.pem()).refused_with(200, "KER-PCM-001");
        assert_eq!(said, "Invalid Certificate uploaded. (it is revoked)");
    }

    /// Every change makes the others look again; that must not turn anybody away.
    fn many_who_change_the_state_at_once_are_all_served(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        trust(&backend, "MISP", &[&root, &below]);
        let partners: Vec<String> = (0..6).map(|_| below.partner(system).pem()).collect();
        let authorities: Vec<String> = (0..36)
            .map(|_| {
                let name = fresh("CA");
                let subject = format!("/O=Example/CN={name}");
                Party::new(system, None, Wanted { subject: &subject, extensions: AUTHORITY, ..Wanted::default() }).pem()
            })
            .collect();
        std::thread::scope(|scope| {
            for some in authorities.chunks(6) {
                let backend = &backend;
                scope.spawn(move || {
                    for pem in some {
                        assert_eq!(upload_authority(backend, "MISP", pem).response()["status"], "Upload Success.");
                    }
                });
            }
            for pem in &partners {
                upload_partner(&backend, "MISP", pem).response();
            }
        });
    }

    fn what_is_issued_is_recorded(system: &System) {
        let backend = system.mosip("backend");
        master(&backend, "PMS");
        let [root, _] = Party::authorities(system, &fresh("CA"));
        trust(&backend, "MISP", &[&root]);
        let end = system.log_end();
        let answer = upload_partner(&backend, "MISP", &root.partner(system).pem());
        let event = system.events_of(end, &answer.request_id).is("certificate.issued", "done", "").clone();
        let id = answer.response()["certificateId"].as_str().expect("an id").to_owned();
        assert_eq!(event["object"], json!(format!("MISP/partner {id}")));
    }
}

on_each! {
    /// The list of users of the signing application decides, and nothing is signed before it has a key.
    fn who_may_not_have_keys_signed_is_refused(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), ..Options::default() });
        let backend = system.mosip("backend");
        let [root, _] = Party::authorities(&system, "closed");
        trust(&backend, "AUTH", &[&root]);
        let partner = Party::new(&system, Some(&root), Wanted { extensions: PARTNER, ..Wanted::default() });
        upload_partner(&backend, "AUTH", &partner.pem()).refused_with(200, "KER-KMS-012");
        master(&backend, "PMS");
        upload_partner(&backend, "AUTH", &partner.pem()).response();
        let bootstrap = system.folder().join("mosip-bootstrap.toml");
        let text = std::fs::read_to_string(&bootstrap).expect("the file");
        let closed = text.replace("app_id = \"PMS\"\n", "app_id = \"PMS\"\naccess_allowed = \"somebody\"\n");
        assert_ne!(text, closed);
        std::fs::write(&bootstrap, closed).expect("the file");
        assert_eq!(system.stop("keymanager"), Some(Some(0)));
        system.start_key_manager();
        system.wait_until_ready();
        let backend = system.mosip("backend");
        upload_partner(&backend, "AUTH", &partner.pem()).refused_with(200, "KER-PCM-016");
    }
}
