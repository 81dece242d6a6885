//! `/v1/officer/mosip/{authorities,partners}` and what `kmctl import-mosip` does with the trust stores of a source.

use km_tests::{Options, System, on_each};
use serde_json::{Value, json};

use super::import_mosip::{APPLY, Source, start};
use crate::mosip::pki::{AUTHORITY, Party, Wanted, is_trusted};

/// The outcome of a certificate, by its id.
fn outcome(report: &Value, id: &Value) -> String {
    let lines = report["certificates"].as_array().expect("certificates");
    let line = lines.iter().find(|line| line["id"] == *id).unwrap_or_else(|| panic!("no line of {id}: {report:#}"));
    line["outcome"].as_str().expect("an outcome").to_owned()
}

on_each! {
    /// Authorities and partners of each schema version: planned, moved, moved again; and what they vouch for.
    fn the_trust_stores_are_moved_in(database: Database) {
        for version in ["1.1", "1.2", "1.3"] {
            let (source, system) = (Source::load(version), start(database));
            let stores = source.stores();
            let samples = source.samples();
            let authorities = stores["authorities"].as_array().expect("ids");
            let ours: Vec<&Value> = authorities.iter().chain([&stores["partner"]]).collect();
            // What does not fit: no certificate, no such domain, a partner of no authority's.
            let pem = |name: &str| stores[name].as_str().expect("PEM");
            for (id, domain, text) in [("no-certificate", "AUTH", "what?"), ("no-domain", "NOWHERE", samples[0]["certificate"].as_str().expect("PEM"))] {
                source.sql(&format!("INSERT INTO keymgr.ca_cert_store (cert_id, partner_domain, cert_data) VALUES ('{id}', '{domain}', '{text}')"));
            }
            source.sql(&format!("INSERT INTO keymgr.partner_cert_store (cert_id, partner_domain, cert_data, organization_name) VALUES ('of-nobody', 'AUTH', '{}', 'x')", pem("forged_certificate")));
            let left = ["no-certificate", "no-domain", "of-nobody"].map(|id| json!(id));
            let rows = |table: &str| system.rows.sql(&format!("SELECT count(*) FROM {table}"));
            let backend = system.mosip("backend");
            let leaf = pem("leaf");
            assert!(!is_trusted(&backend, "AUTH", leaf));
            // 1. The plan: what is none of ours to take is said before.
            let plan = source.import(&system, &[]).json();
            for id in &ours {
                assert_eq!(outcome(&plan, id), "would-import", "{plan:#}");
            }
            assert_eq!(outcome(&plan, &left[0]), "left", "{plan:#}");
            assert_eq!(outcome(&plan, &stores["passed_over"]), "passed-over", "{plan:#}");
            assert_eq!((rows("mosip_authority"), rows("mosip_partner")), ("0".to_owned(), "0".to_owned()));
            // 2. Moved, but for what the key manager refuses too.
            let end = system.log_end();
            let ran = source.import(&system, &APPLY);
            assert_eq!(ran.code, Some(1), "{}", ran.told());
            let report = ran.json();
            for id in &ours {
                assert_eq!(outcome(&report, id), "imported", "{report:#}");
            }
            for id in &left {
                assert_eq!(outcome(&report, id), "left", "{report:#}");
            }
            assert_eq!((outcome(&report, &stores["passed_over"]), &report["left"]), ("passed-over".to_owned(), &json!(3)), "{report:#}");
            let events = system.events_from("auditor", end);
            let of = |part: &str, outcome: &str| {
                let object = |event: &&Value| event["object"].as_str().is_some_and(|object| object.contains(part));
                events.iter().filter(object).filter(|event| event["outcome"] == outcome).count()
            };
            assert_eq!((of("AUTH/authority", "done"), of("AUTH/partner", "done")), (authorities.len(), 1), "{events:#?}");
            // 3. Partners go on naming their certificates by the ids that they have.
            let id = stores["partner"].as_str().expect("an id");
            let answer = backend.get(&format!("/getPartnerSignedCertificate/{id}")).response();
            let own = answer["caSignedCertificateData"].as_str().expect("PEM").replace('\r', "");
            assert_eq!(own.trim(), stores["certificate"].as_str().expect("PEM").trim());
            // 4. Whom the authorities issued for is trusted; whom a partner issued for, with the certificate that MOSIP had made it, is not.
            assert!(is_trusted(&backend, "AUTH", leaf) && !is_trusted(&backend, "DEVICE", leaf));
            for (jws, expected) in [("jws", (true, "TRUST_CERT_PATH_VALID")), ("forged", (false, "TRUST_CERT_PATH_NOT_VALID"))] {
                let request = json!({"jwtSignatureData": stores[jws], "validateTrust": true, "domain": "AUTH"});
                let answer = backend.ask_mosip("/jwtVerify", request).response();
                assert_eq!((&answer["signatureValid"], &answer["trustValid"]), (&json!(expected.0), &json!(expected.1)), "{jws}: {answer:#}");
            }
            // 5. Once more: nothing to do.
            let before = system.rows.sql("SELECT id, log_index FROM mosip_authority ORDER BY id");
            let again = source.import(&system, &["--apply"]).json();
            for id in &ours {
                assert_eq!(outcome(&again, id), "unchanged", "{again:#}");
            }
            assert_eq!(system.rows.sql("SELECT id, log_index FROM mosip_authority ORDER BY id"), before);
            assert_eq!(rows("mosip_partner"), "1");
        }
    }
}

/// The calls themselves, with what no honest program sends.
#[test]
fn what_is_no_authority_or_partner_is_refused() {
    let system =
        System::start(km_tests::Database::Sqlite, Options { mosip: Some(String::new()), ..Options::default() });
    let officer = system.officer("officer");
    let [root, below] = Party::authorities(&system, "import");
    let der = |party: &Party| km_tests::base64url(km_tests::system::der_of(&party.path("cert.pem")).remove(0));
    let authority = |id: &str, domain: &str, certificate: &str| {
        let body = json!({"id": id, "domain": domain, "certificate": certificate, "created": "2025-01-01T00:00:00Z"});
        officer.post("/v1/officer/mosip/authorities", body)
    };
    authority("below", "AUTH", &der(&below)).refused(400, "invalid-request");
    authority("root", "NOWHERE", &der(&root)).refused(400, "invalid-request");
    authority("", "AUTH", &der(&root)).refused(400, "invalid-request");
    authority("root", "AUTH", "AAAA").refused(400, "invalid-request");
    assert_eq!(authority("root", "auth", &der(&root)).good()["outcome"], "imported");
    assert_eq!(authority("root", "AUTH", &der(&root)).good()["outcome"], "unchanged");
    assert_eq!(authority("another", "AUTH", &der(&root)).good()["outcome"], "unchanged");
    authority("root", "DEVICE", &der(&root)).refused(409, "mosip-certificate-differs");
    authority("root", "AUTH", &der(&below)).refused(409, "mosip-certificate-differs");
    let none = Party::new(&system, Some(&root), Wanted::default());
    authority("none", "AUTH", &der(&none)).refused(400, "invalid-request");
    let weak = Party::new(&system, None, Wanted { digest: "sha1", extensions: AUTHORITY, ..Wanted::default() });
    authority("weak", "AUTH", &der(&weak)).refused(400, "invalid-request");
    // One that is over is taken: it was an authority. What it issued is trusted as little as before.
    let wanted =
        Wanted { begin: "20200101000000Z", end: "20250102000000Z", extensions: AUTHORITY, ..Wanted::default() };
    let over = Party::new(&system, None, Wanted { subject: "/O=Example/CN=over", ..wanted });
    assert_eq!(authority("over", "AUTH", &der(&over)).good()["outcome"], "imported");
    assert!(!is_trusted(&system.mosip("backend"), "AUTH", &over.partner(&system).pem()));
    let partner = |id: &str, domain: &str, own: &Party, issued: &Party| {
        let body = json!({"id": id, "domain": domain, "organization": "Example", "certificate": der(own), "issued": der(issued), "created": "2025-01-01T00:00:00Z"});
        officer.post("/v1/officer/mosip/partners", body)
    };
    partner("p", "AUTH", &none, &root).refused(400, "invalid-request");
    partner("p", "DEVICE", &none, &none).refused(400, "invalid-request");
    partner("p", "AUTH", &root, &root).refused(400, "invalid-request");
    assert_eq!(partner("p", "AUTH", &none, &none).good()["outcome"], "imported");
    assert_eq!(partner("p", "AUTH", &none, &none).good()["outcome"], "unchanged");
    let other = root.partner(&system);
    partner("p", "AUTH", &other, &other).refused(409, "mosip-certificate-differs");
    // Both are in the inventory, and other tenants' officers have no dialect.
    let held = officer.get("/v1/officer/mosip").good();
    assert_eq!(
        (held["authorities"].as_array().map(Vec::len), held["partners"][0]["id"].as_str()),
        (Some(2), Some("p"))
    );
    let body = json!({"id": "x", "domain": "AUTH", "certificate": der(&root), "created": "2025-01-01T00:00:00Z"});
    system.officer("other-officer").post("/v1/officer/mosip/authorities", body).refused(403, "tenant-mismatch");
}
