//! `GET /getZKTempCertificate`

use km_tests::on_both;

use super::x509;

on_both! {
    fn a_key_for_a_day_is_made_once(system: &System) {
        let backend = system.mosip("backend");
        let first = backend.get("/getZKTempCertificate").response();
        let members: Vec<&String> = first.as_object().expect("an answer").keys().collect();
        assert_eq!(members, ["certificate", "timestamp"]);
        assert!(first["timestamp"].as_str().is_some_and(|text| text.len() == 24 && text.ends_with('Z')), "{first}");
        let pem = &first["certificate"];
        let subject = x509(system, pem, "-subject -nameopt RFC2253");
        assert!(subject.contains("CN=ZKKeysSelfSignedKey"), "{subject}");
        assert_eq!(subject.replace("subject", ""), x509(system, pem, "-issuer -nameopt RFC2253").replace("issuer", ""));
        assert!(crate::mosip::is_signed_by(system, pem, &[pem]));
        let text = x509(system, pem, "-text");
        assert!(text.contains("CA:FALSE") && text.contains("Key Encipherment") && text.contains("2048 bit"), "{text}");
        assert!(x509(system, pem, "-checkend 86000").contains("will not expire"));
        let all: Vec<_> = (0..3).map(|_| backend.get("/getZKTempCertificate").response()["certificate"].clone()).collect();
        // Tests that end it run on systems of their own.
        assert!(all.iter().all(|one| one == pem));
    }

    /// It opens nothing by any other call.
    fn the_key_is_for_transfers_only(system: &System) {
        let backend = system.mosip("backend");
        backend.get("/getZKTempCertificate").response();
        let name = ("KEY_MIGRATE", "ZK_TEMP_KEY");
        backend.ask_mosip("/encrypt", km_tests::mosip::to_encrypt(name.0, name.1, "x")).refused_with(200, "KER-KMS-002");
        backend.ask_mosip("/decrypt", km_tests::mosip::to_decrypt(name.0, name.1, "AAAA")).refused_with(200, "KER-CRY-012");
        let sign = serde_json::json!({"dataToSign": "e30", "applicationId": name.0, "referenceId": name.1});
        backend.ask_mosip("/jwtSign", sign).refused_with(200, "KER-JWS-108");
    }
}
