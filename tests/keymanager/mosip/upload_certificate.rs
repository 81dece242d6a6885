//! `POST /uploadCertificate`

use std::process::Command;

use km_tests::mosip::{to_decrypt, to_encrypt};
use km_tests::openssl::{RSA, openssl, self_signed};
use km_tests::program::run;
use km_tests::{Options, System, base64url, on_both, on_each};
use serde_json::{Value, json};

use super::{all, current, file, fresh, x509};

/// A certificate for the public key of this one, by an authority of the test's own.
pub(super) fn by_another_authority(system: &System, certificate: &Value, days: u32) -> String {
    certified(system, certificate, "now", &format!("-days {days}"))
}

/// The same at another time by faketime(1), with more arguments of openssl's.
fn certified(system: &System, certificate: &Value, when: &str, more: &str) -> String {
    let public = file(system, &x509(system, certificate, "-pubkey"));
    let (key, _) = self_signed(system.folder(), RSA, "Authority");
    let (root, out) = (key.with_extension("crt"), public.with_extension("crt"));
    let how = format!("x509 -new -force_pubkey {} -subj /CN=Ours {more}", public.display());
    let mut command = Command::new("faketime");
    command.args([when, "openssl"]).args(how.split(' '));
    command.arg("-CA").arg(root).arg("-CAkey").arg(key).arg("-out").arg(&out);
    run(&mut command).good();
    std::fs::read_to_string(out).expect("a certificate")
}

/// An authority's certificate for the public key of this one.
fn of_an_authority(system: &System, certificate: &Value, days: u32) -> String {
    let extensions = file(system, "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n");
    certified(system, certificate, "now", &format!("-days {days} -extfile {}", extensions.display()))
}

on_both! {
    /// What was encrypted to the former certificate still opens, which MOSIP loses.
    fn a_certificate_from_elsewhere_takes_the_place_of_ours(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let data = backend.ask_mosip("/encrypt", to_encrypt("OPENG2P", &reference, "Selam")).response()["data"].as_str().expect("data").to_owned();
        let ours = current(&backend, "OPENG2P", &reference)["certificate"].clone();
        let theirs = by_another_authority(system, &ours, 300);
        let upload = json!({"applicationId": "OPENG2P", "referenceId": reference, "certificateData": theirs});
        let end = system.log_end();
        let answer = backend.ask_mosip("/uploadCertificate", upload);
        let id = answer.request_id.clone();
        assert_eq!(answer.response()["status"], "Upload Success");
        system.events_of(end, &id).is("certificate.installed", "done", "");
        assert_eq!(current(&backend, "OPENG2P", &reference)["certificate"], json!(theirs));
        let listed = all(&backend, "OPENG2P", &reference);
        assert_eq!(listed.len(), 2);
        assert_ne!(listed[0]["keyId"], listed[1]["keyId"]);
        let newer = backend.ask_mosip("/encrypt", to_encrypt("OPENG2P", &reference, "Selam")).response()["data"].as_str().expect("data").to_owned();
        for data in [&data, &newer] {
            let opened = backend.ask_mosip("/decrypt", to_decrypt("OPENG2P", &reference, data)).response();
            assert_eq!(opened["data"], base64url("Selam"));
        }
        assert_ne!(km_tests::from_base64url(&data)[6..38], km_tests::from_base64url(&newer)[6..38]);
    }

    /// The early end of the policy lies before this certificate begins, so neither is current, and both are of one key.
    fn a_key_whose_certificate_is_too_short_is_followed_by_another(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let data = backend.ask_mosip("/encrypt", to_encrypt("OPENG2P", &reference, "Selam")).response()["data"].as_str().expect("data").to_owned();
        let ours = current(&backend, "OPENG2P", &reference)["certificate"].clone();
        let theirs = by_another_authority(system, &ours, 5);
        backend.ask_mosip("/uploadCertificate", json!({"applicationId": "OPENG2P", "referenceId": reference, "certificateData": theirs})).response();
        backend.ask_mosip("/encrypt", to_encrypt("OPENG2P", &reference, "Selam")).response();
        assert_eq!(all(&backend, "OPENG2P", &reference).len(), 3);
        let opened = backend.ask_mosip("/decrypt", to_decrypt("OPENG2P", &reference, &data)).response();
        assert_eq!(opened["data"], base64url("Selam"));
    }

    /// It issues others, which nobody would accept then.
    fn a_master_key_takes_the_certificate_of_an_authority_only(system: &System) {
        let (backend, application) = (system.mosip("backend"), "TESTS");
        crate::mosip::master(&backend, application);
        let ours = current(&backend, application, "")["certificate"].clone();
        let theirs = by_another_authority(system, &ours, 300);
        let upload = json!({"applicationId": application, "referenceId": "", "certificateData": theirs});
        backend.ask_mosip("/uploadCertificate", upload).refused_with(200, "KER-KMS-013");
        assert_eq!(current(&backend, application, "")["certificate"], ours);
    }

    fn only_a_certificate_for_the_key_is_taken(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("REF"));
        let upload = |reference: &str, pem: &str| backend.ask_mosip("/uploadCertificate", json!({"applicationId": "OPENG2P", "referenceId": reference, "certificateData": pem}));
        let other = current(&backend, "OPENG2P", "ENCRYPT")["certificate"].as_str().expect("PEM").to_owned();
        upload(&reference, &other).refused_with(200, "KER-KMS-003");
        let before = current(&backend, "OPENG2P", &reference)["certificate"].clone();
        upload(&reference, &other).refused_with(200, "KER-KMS-014");
        upload(&reference, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").refused_with(200, "KER-KMS-013");
        upload(&reference, "").refused_with(200, "KER-KMS-005");
        upload(&reference, &certified(system, &before, "+30 days", "-days 300")).refused_with(200, "KER-KMA-005");
        assert_eq!(current(&backend, "OPENG2P", &reference)["certificate"], before);
    }
}

on_each! {
    /// As a country does that has an authority above its registries.
    fn root_may_be_certified_from_elsewhere(database: Database) {
        let system = System::start(database, Options { mosip: Some(String::new()), ..Options::default() });
        let backend = system.mosip("backend");
        let upload = |days| {
            let theirs = of_an_authority(&system, &current(&backend, "ROOT", "")["certificate"], days);
            let upload = json!({"applicationId": "ROOT", "referenceId": "", "certificateData": theirs});
            backend.ask_mosip("/uploadCertificate", upload).response();
            theirs
        };
        let order = || backend.ask_mosip("/generateMasterKey/CERTIFICATE", json!({"applicationId": "OPENG2P", "referenceId": "", "force": true}));
        let theirs = upload(3650);
        order().response();
        let certificates = || {
            let answer = backend.get("/getCertificateChain?applicationId=OPENG2P&referenceId=").response();
            let text = answer["certificatesTrustPath"].as_str().expect("a text block").to_owned();
            openssl("pkcs7 -print_certs -in", &[&file(&system, &text)]).good().output
        };
        let chain = certificates();
        assert!(chain.matches("-----BEGIN CERTIFICATE-----").count() == 2 && chain.contains(theirs.trim()), "{chain}");
        let sign = json!({"dataToSign": "e30", "applicationId": "OPENG2P", "includePayload": true, "includeCertificateChain": true});
        backend.ask_mosip("/jwtSign/v2", sign).response();
        // What is over before the policy's early end issues nothing.
        upload(30);
        order().refused_with(200, "KER-KMS-011");
        assert_eq!(certificates(), chain);
    }
}
