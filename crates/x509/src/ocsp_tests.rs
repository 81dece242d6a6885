//! Answers that another program made (`tests/fixtures/mosip/make_trust.py`).

use std::time::Duration;

use serde_json::Value;

use super::*;

/// The bytes of a base64 text: as the body of a PEM block.
fn bytes(text: &Value) -> Vec<u8> {
    let block = format!("-----BEGIN X-----\n{}\n-----END X-----\n", text.as_str().unwrap());
    km_crypto::pem::decode("X", &block).unwrap().remove(0).to_vec()
}

fn fixture() -> (Value, Certificate, Certificate, Timestamp) {
    let fixture: Value = serde_json::from_str(include_str!("../../../tests/fixtures/mosip/trust.json")).unwrap();
    let status = fixture["status"].clone();
    let [leaf, issuer] = ["leaf", "issuer"].map(|name| Certificate::from_pem(status[name].as_str().unwrap()).unwrap());
    let at = Timestamp::try_from(status["at"].as_str().unwrap().to_owned()).unwrap();
    (status, leaf, issuer, at)
}

#[test]
fn the_question_is_as_others_ask_it() {
    let (status, leaf, issuer, _) = fixture();
    assert_eq!(question(&leaf, &issuer).unwrap(), bytes(&status["question"]));
}

#[test]
fn every_answer_is_judged_as_the_rules_have_it() {
    let (status, leaf, issuer, at) = fixture();
    let before = at.minus(Duration::from_secs(5 * 86_400));
    let outcome = |der: &[u8]| match answer(der, &leaf, &issuer, at) {
        Ok(answer) => match (answer.status(at), answer.status(before)) {
            (Status::Good, _) => "good",
            (Status::Revoked, Status::Good) => "revoked",
            (Status::Revoked, _) => "stolen",
            (Status::Unknown, _) => "unknown",
        },
        Err(X509Error::Malformed(_)) => "malformed",
        Err(X509Error::BadSignature(_)) => "bad-signature",
        Err(X509Error::RevocationUnknown) => "revocation-unknown",
        Err(_) => "another",
    };
    let answers = status["answers"].as_array().unwrap();
    for one in answers {
        assert_eq!(outcome(&bytes(&one["answer"])), one["expected"].as_str().unwrap(), "{}", one["case"]);
    }
    assert!(answers.len() >= 18);
    let good = answer(&bytes(&answers[0]["answer"]), &leaf, &issuer, at).unwrap();
    assert_eq!(good.status(good.ends.plus(Duration::from_secs(1))), Status::Unknown, "it says nothing for ever");
}

#[test]
fn no_changed_bit_makes_a_revoked_certificate_good() {
    let (status, leaf, issuer, at) = fixture();
    let revoked = bytes(&status["answers"][4]["answer"]);
    assert_eq!(answer(&revoked, &leaf, &issuer, at).unwrap().status(at), Status::Revoked);
    for bit in 0..revoked.len() * 8 {
        let mut changed = revoked.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let said = answer(&changed, &leaf, &issuer, at).map(|answer| answer.status(at));
        assert!(matches!(said, Err(_) | Ok(Status::Revoked)), "bit {bit}");
    }
    for length in 0..revoked.len() {
        assert!(answer(&revoked[..length], &leaf, &issuer, at).is_err());
    }
}
