use km_formats::cose::record_aad;
use proptest::prelude::*;

use super::*;

fn subject_key(byte: u8) -> SecretBytes {
    SecretBytes::new(vec![byte; 32])
}

fn seal_field(
    key: &SecretBytes,
    kid: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    iv: &[u8; 12],
) -> Result<Vec<u8>, EnvelopeError> {
    SubjectKey::new(key)?.seal_field(kid, aad, plaintext, iv)
}

fn open_field(key: &SecretBytes, kid: &[u8], aad: &[u8], stored: &[u8]) -> Result<SecretBytes, EnvelopeError> {
    SubjectKey::new(key)?.open_field(kid, aad, stored)
}

fn place(field: &str) -> Vec<u8> {
    record_aad(
        &"demo".parse().unwrap(),
        &"individual".parse().unwrap(),
        &"0190a5b1-7c3e-7d4f-8a1b-2c3d4e5f6071".parse().unwrap(),
        1,
        &field.parse().unwrap(),
        1,
    )
}

/// A stored value must open for ever. This one was computed from the format's description by another program.
#[test]
fn the_first_versions_value_opens() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/sealed-value.json")).unwrap();
    let text = |name: &str| golden[name].as_str().unwrap();
    let bytes = |name: &str| -> Vec<u8> {
        (0..text(name).len() / 2).map(|at| u8::from_str_radix(&text(name)[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let aad = record_aad(
        &text("tenant").parse().unwrap(),
        &text("register").parse().unwrap(),
        &text("record").parse().unwrap(),
        golden["version"].as_u64().unwrap(),
        &text("field").parse().unwrap(),
        u32::try_from(golden["schema"].as_u64().unwrap()).unwrap(),
    );
    let (key, kid, iv) = (SecretBytes::new(bytes("subject_key")), text("kid").as_bytes(), bytes("iv"));
    let opened = open_field(&key, kid, &aad, &bytes("sealed")).unwrap();
    assert_eq!(opened.expose(), text("plaintext").as_bytes());
    let sealed = seal_field(&key, kid, &aad, opened.expose(), &iv.try_into().unwrap()).unwrap();
    assert_eq!(sealed, bytes("sealed"));
}

#[test]
fn a_value_opens_in_its_place_only() {
    let stored = seal_field(&subject_key(7), b"s.1", &place("name"), b"value", &[9; 12]).unwrap();
    assert!(open_field(&subject_key(7), b"s.1", &place("name"), &stored).is_ok());
    let refused = [
        open_field(&subject_key(8), b"s.1", &place("name"), &stored),
        open_field(&subject_key(7), b"s.2", &place("name"), &stored),
        open_field(&subject_key(7), b"s.1", &place("phone"), &stored),
        open_field(&SecretBytes::new(vec![7; 16]), b"s.1", &place("name"), &stored),
        open_field(&subject_key(7), b"s.1", &place("name"), b""),
    ];
    for result in refused {
        assert_eq!(result.err(), Some(EnvelopeError::Refused));
    }
    assert!(seal_field(&SecretBytes::new(vec![]), b"s.1", &place("name"), b"value", &[9; 12]).is_err());
}

#[test]
fn every_changed_bit_is_refused() {
    let stored = seal_field(&subject_key(7), b"s.1", &place("name"), b"value", &[9; 12]).unwrap();
    for bit in 0..stored.len() * 8 {
        let mut changed = stored.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open_field(&subject_key(7), b"s.1", &place("name"), &changed).err(), Some(EnvelopeError::Refused));
    }
}

proptest! {
    #[test]
    fn values_come_back(key: [u8; 32], kid in prop::collection::vec(any::<u8>(), 1..40), aad: Vec<u8>, plain: Vec<u8>, iv: [u8; 12]) {
        let key = SecretBytes::new(key.to_vec());
        let stored = seal_field(&key, &kid, &aad, &plain, &iv).unwrap();
        let opened = open_field(&key, &kid, &aad, &stored).unwrap();
        prop_assert_eq!(opened.expose(), plain.as_slice());
    }
}
