use super::*;

/// Certificates that another program made (`tests/fixtures/mosip/make_vectors.py`).
fn chain() -> Vec<Vec<u8>> {
    let fixture: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/mosip/certificates.json")).unwrap();
    let decode = |value: &serde_json::Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
    fixture["chain"].as_array().unwrap().iter().map(decode).collect()
}

#[test]
fn certificates_come_back_from_both_forms() {
    let chain = chain();
    let refs: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    let der = bundle(&refs).unwrap();
    let text = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(&der));
    for bytes in [&der[..], text.as_bytes(), text.replace('\n', "\r\n").as_bytes()] {
        assert_eq!(certificates(bytes).unwrap(), chain, "in their order");
    }
}

#[test]
fn what_another_program_bundled_is_read() {
    let fixture: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/mosip/certificates.json")).unwrap();
    for form in ["pkcs7_der", "pkcs7_pem"] {
        let bytes = STANDARD.decode(fixture[form].as_str().unwrap()).unwrap();
        let mut found = certificates(&bytes).unwrap();
        let mut expected = chain();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{form}");
    }
}

/// As Java's most used library writes them: no length is said.
#[test]
fn bundles_of_unsaid_lengths() {
    let chain = chain();
    let id = |last: u8| vec![6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last];
    let open = |tag: u8| vec![tag, 0x80];
    let end = || vec![0, 0];
    let parts = [
        open(0x30),
        id(2),
        open(0xa0),
        open(0x30),
        vec![2, 1, 1, 0x31, 0],
        open(0x30),
        id(1),
        end(),
        open(0xa0),
        chain.concat(),
        end(),
        vec![0x31, 0],
        end(),
        end(),
        end(),
    ];
    let bytes = parts.concat();
    assert_eq!(certificates(&bytes).unwrap(), chain);
    for length in 0..bytes.len() {
        assert!(certificates(&bytes[..length]).is_err());
    }
}

#[test]
fn other_things_are_refused() {
    let chain = chain();
    let der = bundle(&[&chain[0]]).unwrap();
    assert!(bundle(&[b"no certificate"]).is_err());
    assert!(certificates(&bundle(&[]).unwrap()).is_err(), "no certificate in it");
    assert!(certificates(&[&der[..], &[0]].concat()).is_err(), "trailing bytes");
    assert!(certificates(&der[..der.len() - 1]).is_err());
    assert!(certificates(&chain[0]).is_err(), "a certificate by itself");
    assert!(certificates(&vec![0x30; LONGEST + 1]).is_err());
    for text in [
        "",
        "-----BEGIN PKCS7-----",
        "-----BEGIN PKCS7-----\n*\n-----END PKCS7-----",
        "-----BEGIN PKCS7----------END PKCS7-----",
    ] {
        assert!(certificates(text.as_bytes()).is_err(), "{text}");
    }
}
