//! `POST /jwtVerify/v2`

use km_tests::on_both;
use serde_json::json;

on_both! {
    fn it_answers_as_the_first_form(system: &System) {
        let backend = system.mosip("backend");
        let jws = backend.ask_mosip("/jwtSign", json!({"dataToSign": "e30", "applicationId": "OPENG2P", "includePayload": true, "includeCertificate": true})).response()["jwtSignedData"].clone();
        let jws = jws.as_str().expect("a JWS");
        for (token, expected) in [(jws.to_owned(), true), (jws.replacen(".e30.", ".e31.", 1), false)] {
            let request = json!({"jwtSignatureData": token, "applicationId": "OPENG2P", "referenceId": ""});
            let end = system.log_end();
            let answer = backend.ask_mosip("/jwtVerify/v2", request.clone());
            system.events_of(end, &answer.request_id).is("crypto.verify", "done", "");
            let answer = answer.response();
            assert_eq!(answer["signatureValid"], expected);
            assert_eq!(answer, backend.ask_mosip("/jwtVerify", request).response());
        }
        backend.ask_mosip("/jwtVerify/v2", json!({"jwtSignatureData": "x", "applicationId": "OPENG2P"})).refused_with(200, "KER-JWS-105");
        backend.ask_mosip("/jwtVerify/v2", json!({"jwtSignatureData": "!.e30.AA", "applicationId": "OPENG2P"})).refused_with(200, "KER-JWS-106");
    }
}
