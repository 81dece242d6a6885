//! `POST /uploadOtherDomainCertificate`

use km_tests::mosip::{to_decrypt, to_encrypt};
use km_tests::openssl::{RSA, self_signed};
use km_tests::{Answer, Client, System, on_both};
use serde_json::json;

use super::{all, current, fresh};

/// A certificate of somebody's own for a new RSA key, PEM.
pub(super) fn partner(system: &System) -> String {
    self_signed(system.folder(), RSA, "partner").1
}

fn upload(client: &Client, application: &str, reference: &str, pem: &str) -> Answer {
    client.ask_mosip(
        "/uploadOtherDomainCertificate",
        json!({"applicationId": application, "referenceId": reference, "certificateData": pem}),
    )
}

on_both! {
    /// Others encrypt to what is handed out under these names: nobody puts a certificate of their own there, before there is one either.
    fn names_to_which_others_encrypt_are_not_for_uploads(system: &System) {
        let (backend, pem) = (system.mosip("backend"), partner(system));
        upload(&backend, "KEY_MIGRATE", "ZK_TEMP_KEY", &pem).refused_with(200, "KER-KMS-002");
        backend.get("/getCertificate?applicationId=KEY_MIGRATE&referenceId=ZK_TEMP_KEY").refused_with(200, "KER-KMS-002");
        upload(&backend, "RESIDENT", "CLIENT_CRYPTO", &pem).refused_with(200, "KER-KMS-015");
    }

    fn what_is_encrypted_to_a_partner_is_not_ours_to_open(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("PARTNER_"));
        let pem = partner(system);
        assert_eq!(upload(&backend, "PARTNER", &reference, &pem).response()["status"], "Upload Success");
        assert_eq!(current(&backend, "PARTNER", &reference)["certificate"], json!(pem));
        let data = backend.ask_mosip("/encrypt", to_encrypt("PARTNER", &reference, "Selam")).response()["data"].as_str().expect("data").to_owned();
        backend.ask_mosip("/decrypt", to_decrypt("PARTNER", &reference, &data)).refused_with(200, "KER-KMS-018");
    }

    fn a_newer_certificate_takes_the_place_of_the_older(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("PARTNER_"));
        let [one, two] = [(); 2].map(|()| partner(system));
        for pem in [&one, &two, &one] {
            assert_eq!(upload(&backend, "PARTNER", &reference, pem).response()["status"], "Upload Success");
            assert_eq!(current(&backend, "PARTNER", &reference)["certificate"], json!(pem));
        }
        assert_eq!(all(&backend, "PARTNER", &reference).len(), 3);
        upload(&backend, "PARTNER", &reference, &one).refused_with(200, "KER-KMS-015");
    }

    /// Whoever is slower takes the place of the faster one; two that are current would be a fault for good.
    fn of_several_at_the_same_time_one_is_current(system: &System) {
        let pems = [(); 4].map(|()| partner(system));
        for _ in 0..3 {
            let reference = fresh("PARTNER_");
            std::thread::scope(|scope| {
                for pem in &pems {
                    let reference = &reference;
                    scope.spawn(move || upload(&system.mosip("backend"), "PARTNER", reference, pem).response());
                }
            });
            let backend = system.mosip("backend");
            let listed = all(&backend, "PARTNER", &reference);
            assert_eq!(listed.len(), pems.len(), "{listed:#?}");
            assert!(pems.iter().any(|pem| current(&backend, "PARTNER", &reference)["certificate"] == json!(pem)));
        }
    }

    fn names_of_ours_are_not_taken(system: &System) {
        let backend = system.mosip("backend");
        let pem = partner(system);
        for (application, reference, code) in [
            ("KERNEL", "SIGN", "KER-KMS-015"), ("OPENG2P", "ENCRYPT", "KER-KMS-015"), ("OPENG2P", "EC_SECP256R1_SIGN", "KER-KMS-030"),
            ("", "X", "KER-KMS-005"), ("PARTNER", "", "KER-KMS-005"),
        ] {
            upload(&backend, application, reference, &pem).refused_with(200, code);
        }
        upload(&backend, "PARTNER", &fresh("PARTNER_"), "no certificate").refused_with(200, "KER-KMS-013");
    }

    /// A partner's certificate that ended: no key of ours is made in its place.
    fn no_key_of_ours_is_made_in_a_partners_place(system: &System) {
        let (backend, reference) = (system.mosip("backend"), fresh("PARTNER_"));
        upload(&backend, "OPENG2P", &reference, &partner(system)).response();
        backend.put("/revokeKey", km_tests::mosip::enveloped(json!({"applicationId": "OPENG2P", "referenceId": reference}))).response();
        backend.ask_mosip("/encrypt", to_encrypt("OPENG2P", &reference, "Selam")).refused_with(200, "KER-KMS-016");
    }
}
