//! `Certificates.Renew`

use km_proto::v1::RenewRequest;
use km_tests::identities::DEMO;
use km_tests::on_both;
use km_tests::openssl::{make_key, openssl, request};
use km_tests::system::Certified;

on_both! {
    /// Each renews its own identity: what the request says of a name counts for nothing.
    fn a_certificate_renews_itself_and_no_other(system: &System) {
        for kind in ["registry", "client", "officer"] {
            let name = format!("renews-{kind}");
            let old = system.certificate(DEMO, kind, &name);
            let key = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
            make_key(&key);
            let end = system.log_end();
            let called = system.grpc_with(Some(old.files())).renew(RenewRequest { csr: request(&key) });
            let answer = called.good();
            let events = system.events_from("auditor", end);
            let uri = format!("spiffe://sealkeep/demo/{kind}/{name}");
            assert!(events.iter().any(|event| event["kind"] == "certificate.renewed" && event["actor"]["name"] == uri));
            let der = key.with_extension("der");
            std::fs::write(&der, &answer.chain[0]).expect("a file");
            let renewed = Certified { certificate: key.with_extension("crt"), key };
            let made = openssl("x509 -inform DER -in", &[&der]).good().output;
            std::fs::write(&renewed.certificate, made).expect("a file");
            let shown = openssl("x509 -noout -ext subjectAltName -in", &[&renewed.certificate]).good().output;
            assert!(shown.contains(&uri), "{shown}");
            assert_ne!(renewed.serial(), old.serial());
            // The new one works, and the old one until it ends.
            for certified in [&renewed, &old] {
                let key = system.folder().join(format!("{}.pem", km_tests::call::request_id()));
                make_key(&key);
                system.grpc_with(Some(certified.files())).renew(RenewRequest { csr: request(&key) }).good();
            }
            assert_eq!(answer.revocation_lists.len(), 1);
        }
    }

    fn a_request_that_is_none_is_refused(system: &System) {
        let registry = system.grpc(DEMO);
        for csr in [Vec::new(), b"canary".to_vec(), vec![0x30; 400]] {
            let (status, _) = registry.renew(RenewRequest { csr }).refused("invalid-request");
            assert!(!status.message().contains("canary"));
        }
    }
}
