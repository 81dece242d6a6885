//! `GET /getCertificateChain`

use km_tests::on_both;
use km_tests::openssl::openssl;

use super::{current, file};

on_both! {
    fn the_chain_leads_from_the_key_to_the_root(system: &System) {
        let backend = system.mosip("backend");
        for (reference, length) in [("ENCRYPT", 3), ("", 2)] {
            let answer = backend.get(&format!("/getCertificateChain?applicationId=OPENG2P&referenceId={reference}")).response();
            let text = answer["certificatesTrustPath"].as_str().expect("a text block");
            assert!(text.starts_with("-----BEGIN PKCS7-----\n") && text.trim_end().ends_with("-----END PKCS7-----"));
            let said = openssl("pkcs7 -print_certs -in", &[&file(system, text)]).good().output;
            assert_eq!(said.matches("-----BEGIN CERTIFICATE-----").count(), length);
            for certificate in [&current(&backend, "OPENG2P", reference)["certificate"], &current(&backend, "ROOT", "")["certificate"]] {
                assert!(said.contains(certificate.as_str().expect("PEM")));
            }
        }
        let root = backend.get("/getCertificateChain?applicationId=ROOT").response();
        assert!(root["certificatesTrustPath"].is_string());
        backend.get("/getCertificateChain?applicationId=COMPLIANCE_TOOLKIT").refused_with(200, "KER-KMS-012");
    }
}
