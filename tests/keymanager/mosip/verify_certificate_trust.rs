//! `POST /verifyCertificateTrust`

use std::time::Duration;

use km_test_support::wait_until;
use km_tests::{Options, System, on_both, on_each};
use serde_json::json;

use super::{
    fresh,
    pki::{AUTHORITY, Party, Wanted, is_trusted, trust, upload_authority},
};

on_both! {
    fn a_certificate_leads_to_a_root_of_the_domain_or_not(system: &System) {
        let backend = system.mosip("backend");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        let partner = below.partner(system);
        assert!(!is_trusted(&backend, "AUTH", &partner.pem()));
        trust(&backend, "AUTH", &[&root]);
        assert!(!is_trusted(&backend, "AUTH", &partner.pem()), "the one in between is missing");
        trust(&backend, "AUTH", &[&below]);
        assert!(is_trusted(&backend, "AUTH", &partner.pem()) && !is_trusted(&backend, "DEVICE", &partner.pem()));
        // Whoever is no authority vouches for nobody.
        let child = Party::new(system, Some(&partner), Wanted::default());
        assert!(!is_trusted(&backend, "AUTH", &child.pem()));
        let old = Party::new(system, Some(&below), Wanted { begin: "20200101000000Z", end: "20250102000000Z", ..Wanted::default() });
        assert!(!is_trusted(&backend, "AUTH", &old.pem()));
    }

    fn what_cannot_be_judged_has_its_code(system: &System) {
        let backend = system.mosip("backend");
        let ask = |text: &str, domain: &str| backend.ask_mosip("/verifyCertificateTrust", json!({"certificateData": text, "partnerDomain": domain}));
        let [root, _] = Party::authorities(system, "x");
        ask("no certificate", "AUTH").refused_with(200, "KER-PCM-001");
        ask(&root.pem(), "NOWHERE").refused_with(200, "KER-PCM-011");
        ask("", "").body["errors"].as_array().filter(|errors| errors.len() == 2).expect("both members are missing");
    }
}

on_each! {
    /// With the rule for it, who cannot be looked up is not trusted; and a list names the revoked.
    fn revocation_must_be_known_where_configuration_says_so(database: Database) {
        let mosip = "[mosip.trust]\nrefuse_unknown_revocation = true".to_owned();
        let system = System::start(database, Options { mosip: Some(mosip), ..Options::default() });
        let backend = system.mosip("backend");
        let [root, _] = Party::authorities(&system, "known");
        trust(&backend, "AUTH", &[&root]);
        let partner = root.partner(&system);
        assert!(!is_trusted(&backend, "AUTH", &partner.pem()));
        assert_eq!(upload_authority(&backend, "AUTH", &root.list()).response()["status"], "Upload Success.");
        assert!(is_trusted(&backend, "AUTH", &partner.pem()));
        let below = Party::new(&system, Some(&root), Wanted { subject: "/O=Example/CN=below", extensions: AUTHORITY, ..Wanted::default() });
        trust(&backend, "AUTH", &[&below]);
        assert!(!is_trusted(&backend, "AUTH", &below.partner(&system).pem()));
        std::thread::sleep(std::time::Duration::from_millis(1100));
        root.revoke(&partner, "keyCompromise");
        assert_eq!(upload_authority(&backend, "AUTH", &root.list()).response()["status"], "Upload Success.");
        assert!(!is_trusted(&backend, "AUTH", &partner.pem()));
    }

    /// Rows that somebody edited in the database are not believed.
    fn an_edited_store_is_not_believed(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), ..Options::default() });
        let backend = system.mosip("backend");
        let ([one, _], [two, _]) = (Party::authorities(&system, "one"), Party::authorities(&system, "two"));
        trust(&backend, "AUTH", &[&one]);
        trust(&backend, "DEVICE", &[&two]);
        system.rows.sql("UPDATE mosip_authority SET domain = 'AUTH'");
        // Any change of keys has them read anew.
        system.key("mac", "HMAC-SHA-256");
        assert!(is_trusted(&backend, "AUTH", &one.pem()) && !is_trusted(&backend, "AUTH", &two.pem()));
        assert!(wait_until(Duration::from_secs(10), || {
            system.readiness().is_some_and(|(_, ready)| ready["components"]["keys"]["state"] == "degraded")
        }));
    }
}
