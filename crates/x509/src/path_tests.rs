//! Chains and lists that other programs made (`tests/fixtures/mosip/make_trust.py`).

use std::cell::Cell;

use serde_json::Value;

use super::*;
use crate::{Crl, Status, pem};

fn certificates(case: &Value, member: &str) -> Vec<Certificate> {
    let texts = case[member].as_array().unwrap();
    texts.iter().map(|text| Certificate::from_pem(text.as_str().unwrap()).unwrap()).collect()
}

/// What comes of a case: the length of the path and, where there are lists, what they say of the leaf; or why there is no path.
fn outcome(case: &Value) -> String {
    let leaf = Certificate::from_pem(case["leaf"].as_str().unwrap()).unwrap();
    let [roots, intermediates, sent] = ["roots", "intermediates", "sent"].map(|member| certificates(case, member));
    let text = |list: &Value| pem::revocation_lists(list.as_str().unwrap()).unwrap().remove(0);
    let lists: Vec<Crl> =
        case["lists"].as_array().unwrap().iter().map(|list| Crl::from_der(&text(list)).unwrap()).collect();
    let at = Timestamp::try_from(case["at"].as_str().unwrap().to_owned()).unwrap();
    let store = TrustStore { roots: roots.iter().collect(), intermediates: intermediates.iter().collect() };
    let said = Cell::new(Status::Unknown);
    let revocation = |below: &Certificate, above: &Certificate| {
        for list in lists.iter().filter(|list| list.is_signed_by(above).is_ok()) {
            match list.status(below, at) {
                Status::Revoked => return Err(X509Error::Revoked),
                Status::Good if below.der == leaf.der => said.set(Status::Good),
                Status::Good | Status::Unknown => {}
            }
        }
        Ok(())
    };
    match find_path(&leaf, &sent, &store, at, &revocation) {
        Ok(path) if lists.is_empty() => format!("path {}", path.len()),
        Ok(path) => format!("path {} {}", path.len(), if said.get() == Status::Good { "good" } else { "unknown" }),
        Err(error) => match error {
            X509Error::UnknownIssuer => "unknown-issuer",
            X509Error::NotYetValid => "not-yet-valid",
            X509Error::Expired => "expired",
            X509Error::WrongUsage(_) => "wrong-usage",
            X509Error::Constraint => "constraint",
            X509Error::BadSignature(_) => "bad-signature",
            X509Error::Unsupported(_) => "unsupported",
            X509Error::Malformed(_) => "malformed",
            X509Error::Revoked => "revoked",
            X509Error::RevocationUnknown | X509Error::Absurd(_) => "another",
        }
        .to_owned(),
    }
}

#[test]
fn every_chain_is_judged_as_the_rules_have_it() {
    let fixture: Value = serde_json::from_str(include_str!("../../../tests/fixtures/mosip/trust.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    let wrong: Vec<String> = cases
        .iter()
        .filter(|case| outcome(case) != case["expected"].as_str().unwrap())
        .map(|case| format!("{}: {} instead of {}", case["case"], outcome(case), case["expected"]))
        .collect();
    assert!(cases.len() > 60 && wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_changed_bit_anywhere_ends_the_path() {
    let fixture: Value = serde_json::from_str(include_str!("../../../tests/fixtures/mosip/trust.json")).unwrap();
    let case = &fixture["cases"][0];
    let leaf = Certificate::from_pem(case["leaf"].as_str().unwrap()).unwrap();
    let [roots, intermediates] = ["roots", "intermediates"].map(|member| certificates(case, member));
    let at = Timestamp::try_from(case["at"].as_str().unwrap().to_owned()).unwrap();
    let store = TrustStore { roots: roots.iter().collect(), intermediates: intermediates.iter().collect() };
    let mut read = 0;
    for bit in 0..leaf.der.len() * 8 {
        let mut changed = leaf.der.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let Ok(changed) = Certificate::from_der(&changed) else { continue };
        read += 1;
        assert!(find_path(&changed, &[], &store, at, &|_, _| Ok(())).is_err(), "bit {bit}");
    }
    assert!(read > 100);
}
