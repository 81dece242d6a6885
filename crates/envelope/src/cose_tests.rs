use km_formats::cose::record_aad;
use proptest::prelude::*;

use super::*;

fn subject_key(byte: u8) -> SecretBytes {
    SecretBytes::new(vec![byte; 32])
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

/// A stored value must open for ever. These bytes were computed from the format's description by another program.
#[test]
fn the_first_versions_value_opens() {
    let stored = seal_field(&subject_key(7), b"kek.1/3", &place("name"), b"\"Ada\"", &[9; 12]).unwrap();
    assert_eq!(hex(&stored), GOLDEN);
    let opened = open_field(&subject_key(7), b"kek.1/3", &place("name"), &stored).unwrap();
    assert_eq!(opened.expose(), b"\"Ada\"");
}

const GOLDEN: &str =
    "834ca2010304476b656b2e312f33a1054c090909090909090909090909550195d995576bd9e33d93daf5fb6bed92b14f9be5dc";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
