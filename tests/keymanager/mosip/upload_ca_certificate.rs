//! `POST /uploadCACertificate`

use km_tests::on_both;
use serde_json::json;

use super::{
    fresh,
    pki::{AUTHORITY, Party, Wanted, is_trusted, trust, upload_authority},
};

on_both! {
    fn an_authority_is_taken_below_a_root_of_its_domain_only(system: &System) {
        let backend = system.mosip("backend");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        upload_authority(&backend, "DEVICE", &below.pem()).refused_with(200, "KER-PCM-005");
        trust(&backend, "DEVICE", &[&root]);
        assert_eq!(upload_authority(&backend, "DEVICE", &root.pem()).refused_with(200, "KER-PCM-003"), "Certificate already exists in store.");
        assert!(is_trusted(&backend, "DEVICE", &root.pem()) && is_trusted(&backend, "DEVICE", &below.pem()));
        trust(&backend, "device", &[&below]);
        // Every domain has a store of its own.
        assert!(!is_trusted(&backend, "MISP", &root.pem()));
        upload_authority(&backend, "MISP", &below.pem()).refused_with(200, "KER-PCM-005");
        trust(&backend, "MISP", &[&root, &below]);
    }

    /// The issuer's name alone is nobody's proof.
    fn another_root_of_the_same_name_vouches_for_nobody(system: &System) {
        let backend = system.mosip("backend");
        let name = fresh("CA");
        let ([root, _], [_, stranger]) = (Party::authorities(system, &name), Party::authorities(system, &name));
        trust(&backend, "DEVICE", &[&root]);
        upload_authority(&backend, "DEVICE", &stranger.pem()).refused_with(200, "KER-PCM-005");
        assert!(!is_trusted(&backend, "DEVICE", &stranger.pem()));
    }

    fn a_bundle_is_taken_from_its_end_and_in_part(system: &System) {
        let backend = system.mosip("backend");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        let lower = Party::new(system, Some(&below), Wanted { subject: "/O=Example/CN=lower", extensions: AUTHORITY, ..Wanted::default() });
        let status = |text: &str| upload_authority(&backend, "FTM", text).response()["status"].as_str().expect("a status").to_owned();
        let bundle = Party::bundle(&[&below, &root]);
        assert_eq!(status(&bundle), "Upload Success.");
        assert_eq!(status(&bundle), "Upload Failed.");
        assert_eq!(status(&Party::bundle(&[&lower, &below, &root])), "Partial Upload Success.");
        assert!(is_trusted(&backend, "FTM", &lower.pem()));
        // Several blocks of PEM are one too.
        let [root, below] = Party::authorities(system, &fresh("CA"));
        assert_eq!(status(&format!("{}{}", below.pem(), root.pem())), "Upload Success.");
        // A bundle of one fails as one does.
        upload_authority(&backend, "FTM", &Party::bundle(&[&root])).refused_with(200, "KER-PCM-003");
    }

    fn what_no_authority_is_has_its_code(system: &System) {
        let backend = system.mosip("backend");
        let name = fresh("CA");
        let [root, _] = Party::authorities(system, &name);
        let subject = format!("/O=Example/CN={name}");
        let good = Wanted { subject: &subject, extensions: AUTHORITY, ..Wanted::default() };
        let code = |wanted: Wanted<'_>| {
            let answer = upload_authority(&backend, "DEVICE", &Party::new(system, None, wanted).pem());
            answer.body["errors"][0]["errorCode"].as_str().unwrap_or("taken").to_owned()
        };
        let soon = km_tests::now().plus(std::time::Duration::from_secs(300 * 86_400)).to_string();
        let soon = format!("{}000000Z", soon[..10].replace('-', ""));
        assert_eq!(code(Wanted { begin: "20400101000000Z", ..good }), "KER-PMS-020");
        assert_eq!(code(Wanted { begin: "20200101000000Z", end: "20250101000000Z", ..good }), "KER-PCM-004");
        assert_eq!(code(Wanted { end: &soon, ..good }), "KER-PCM-017");
        assert_eq!(code(Wanted { extensions: "", ..good }), "KER-PCM-007");
        assert_eq!(code(Wanted { extensions: "basicConstraints=CA:false\n", ..good }), "KER-PCM-001");
        assert_eq!(code(Wanted { extensions: "basicConstraints=CA:true\nkeyUsage=digitalSignature\n", ..good }), "KER-PCM-001");
        assert_eq!(code(Wanted { key: "rsa:1024", ..good }), "KER-PCM-013");
        assert_eq!(code(Wanted { key: "P-521", ..good }), "KER-PCM-001");
        let long = format!("/O={}/CN=x", "o".repeat(64));
        assert_eq!(code(Wanted { subject: &long, ..good }), "taken");
        let turned = format!("/O=Example/CN={name}\u{202e}knab");
        assert_eq!(code(Wanted { subject: &turned, ..good }), "KER-PCM-001");
        assert_eq!(code(good), "taken");
        for text in ["no certificate", "AAAA", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----"] {
            upload_authority(&backend, "DEVICE", text).refused_with(200, "KER-PCM-001");
        }
        upload_authority(&backend, "NOWHERE", &root.pem()).refused_with(200, "KER-PCM-011");
        let said = upload_authority(&backend, " ", &root.pem()).refused_with(200, "KER-KMS-005");
        assert_eq!(said, "request.partnerDomain should not be null or empty");
    }

    fn who_uploads_is_recorded(system: &System) {
        let backend = system.mosip("backend");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        let end = system.log_end();
        let answer = upload_authority(&backend, "AUTH", &Party::bundle(&[&below, &root]));
        let event = system.events_of(end, &answer.request_id).is("certificate.installed", "done", "").clone();
        assert_eq!((&event["object"], &event["count"]), (&json!("AUTH/authorities"), &json!(2)));
        let end = system.log_end();
        let answer = upload_authority(&backend, "AUTH", &root.pem());
        system.events_of(end, &answer.request_id).is("certificate.installed", "refused", "mosip-authority-exists");
    }

    /// A revocation list is believed only from an authority of the domain, and never an older one than before.
    fn a_revocation_list_comes_the_same_way(system: &System) {
        let backend = system.mosip("backend");
        let [root, below] = Party::authorities(system, &fresh("CA"));
        let partner = below.partner(system);
        upload_authority(&backend, "AUTH", &below.list()).refused_with(200, "KER-PCM-006");
        trust(&backend, "AUTH", &[&root, &below]);
        let before = below.list();
        assert_eq!(upload_authority(&backend, "AUTH", &before).response()["status"], "Upload Success.");
        assert!(is_trusted(&backend, "AUTH", &partner.pem()));
        std::thread::sleep(std::time::Duration::from_millis(1100));
        below.revoke(&partner, "superseded");
        assert_eq!(upload_authority(&backend, "AUTH", &below.list()).response()["status"], "Upload Success.");
        assert!(!is_trusted(&backend, "AUTH", &partner.pem()));
        upload_authority(&backend, "AUTH", &before).refused_with(200, "KER-PCM-003");
        assert!(!is_trusted(&backend, "AUTH", &partner.pem()));
        // A list by somebody of the same name.
        let [_, stranger] = Party::authorities(system, "other");
        upload_authority(&backend, "AUTH", &stranger.list()).refused_with(200, "KER-PCM-006");
    }
}
