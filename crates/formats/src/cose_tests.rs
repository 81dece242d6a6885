use coset::{
    CborSerializable, CoseEncrypt0, CoseEncrypt0Builder, EncryptionContext, HeaderBuilder, ProtectedHeader,
    cbor::value::Value, enc_structure_data, iana,
};
use proptest::prelude::*;

use super::*;

fn example() -> SealedValue<'static> {
    SealedValue { kid: b"k.1", iv: [0xa5; 12], sealed: &[0x5a; 20] }
}

/// The one encoding, byte for byte: stored values must open for ever.
fn golden() -> Vec<u8> {
    let mut bytes = vec![0x83, 0x48, 0xa2, 0x01, 0x03, 0x04, 0x43, b'k', b'.', b'1', 0xa1, 0x05, 0x4c];
    bytes.extend([0xa5; 12]);
    bytes.push(0x54);
    bytes.extend([0x5a; 20]);
    bytes
}

#[test]
fn the_stored_form_is_fixed() {
    assert_eq!(example().encode().unwrap(), golden());
    assert_eq!(SealedValue::decode(&golden()).unwrap(), example());
}

#[test]
fn the_authenticated_structure_is_that_of_rfc_9052() {
    // Section 5.3: ["Encrypt0", protected, external_aad].
    let expected = b"\x83\x68Encrypt0\x48\xa2\x01\x03\x04\x43k.1\x43aad";
    assert_eq!(enc_structure(b"k.1", b"aad"), expected);
}

#[test]
fn the_place_of_a_value_is_fixed() {
    let place = |version| {
        record_aad(
            &"demo".parse().unwrap(),
            &"individual".parse().unwrap(),
            &"0190a5b1-7c3e-7d4f-8a1b-2c3d4e5f6071".parse().unwrap(),
            version,
            &"name".parse().unwrap(),
            2,
        )
    };
    let expected =
        b"\x87\x6asealkeep/1\x64demo\x6aindividual\x78\x240190a5b1-7c3e-7d4f-8a1b-2c3d4e5f6071\x18\x64\x64name\x02";
    assert_eq!(place(100), expected);
    assert_ne!(place(100), place(101));
}

#[test]
fn other_forms_are_refused() {
    let pair = |key: i64, value: Value| (Value::from(key), value);
    let encode = |value: &Value| {
        let mut bytes = Vec::new();
        coset::cbor::ser::into_writer(value, &mut bytes).unwrap();
        bytes
    };
    let message = |protected: Vec<(Value, Value)>, unprotected: Vec<(Value, Value)>, sealed: Value| {
        encode(&Value::Array(vec![Value::Bytes(encode(&Value::Map(protected))), Value::Map(unprotected), sealed]))
    };
    let kid = || pair(4, Value::Bytes(b"k.1".to_vec()));
    let alg = |number: i64| pair(1, Value::from(number));
    let iv = |length: usize| pair(5, Value::Bytes(vec![0xa5; length]));
    let sealed = || Value::Bytes(vec![0x5a; 20]);
    assert_eq!(
        message(vec![alg(3), kid()], vec![iv(12)], sealed()),
        golden(),
        "the cases below differ in one thing each"
    );

    let tagged = [&[0xd0][..], &golden()].concat();
    let trailing = [golden().as_slice(), &[0]].concat();
    let long_length = [&[0x83, 0x58, 0x08][..], &golden()[2..]].concat();
    let bad = [
        message(vec![alg(1), kid()], vec![iv(12)], sealed()),
        message(vec![kid()], vec![iv(12)], sealed()),
        message(vec![alg(3)], vec![iv(12)], sealed()),
        message(vec![alg(3)], vec![kid(), iv(12)], sealed()),
        message(vec![kid(), alg(3)], vec![iv(12)], sealed()),
        message(vec![alg(3), pair(2, Value::Array(vec![Value::from(4)])), kid()], vec![iv(12)], sealed()),
        message(vec![alg(3), kid(), iv(12)], vec![], sealed()),
        message(vec![alg(3), kid()], vec![iv(16)], sealed()),
        message(vec![alg(3), kid()], vec![iv(12), pair(99, Value::from(1))], sealed()),
        message(vec![alg(3), kid()], vec![iv(12)], Value::Null),
        message(vec![alg(3), kid()], vec![iv(12)], Value::Bytes(vec![0; 15])),
        tagged,
        trailing,
        long_length,
        vec![0; MAX_LENGTH + 1],
        vec![0x9f; 10_000],
        vec![],
    ];
    for bytes in bad {
        assert_eq!(SealedValue::decode(&bytes), Err(REFUSED));
    }
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    for bad in [
        SealedValue { kid: &[], ..example() },
        SealedValue { kid: &[0; 257], ..example() },
        SealedValue { sealed: &[0; 15], ..example() },
        SealedValue { sealed: &[0; MAX_LENGTH], ..example() },
    ] {
        assert!(bad.encode().is_err());
    }
}

proptest! {
    #[test]
    fn values_come_back(kid in prop::collection::vec(any::<u8>(), 1..256), iv: [u8; 12], sealed in prop::collection::vec(any::<u8>(), 16..600)) {
        let value = SealedValue { kid: &kid, iv, sealed: &sealed };
        let stored = value.encode().unwrap();
        prop_assert_eq!(SealedValue::decode(&stored).unwrap(), value);
    }

    /// A library of the standard writes the same bytes and reads the same parts.
    #[test]
    fn as_coset_has_it(kid in prop::collection::vec(any::<u8>(), 1..257), iv: [u8; 12], sealed in prop::collection::vec(any::<u8>(), 16..70_000), aad: Vec<u8>) {
        let header = HeaderBuilder::new().algorithm(iana::Algorithm::A256GCM).key_id(kid.clone()).build();
        let message = CoseEncrypt0Builder::new()
            .protected(header.clone())
            .unprotected(HeaderBuilder::new().iv(iv.to_vec()).build())
            .ciphertext(sealed.clone())
            .build();
        let ours = SealedValue { kid: &kid, iv, sealed: &sealed }.encode().unwrap();
        prop_assert_eq!(&ours, &message.to_vec().unwrap());
        let read = CoseEncrypt0::from_slice(&ours).unwrap();
        prop_assert_eq!((read.protected.header.key_id, read.unprotected.iv, read.ciphertext), (kid.clone(), iv.to_vec(), Some(sealed)));
        let protected = ProtectedHeader { original_data: None, header };
        prop_assert_eq!(enc_structure(&kid, &aad), enc_structure_data(EncryptionContext::CoseEncrypt0, protected, &aad));
    }

    #[test]
    fn never_panics(bytes: Vec<u8>) {
        let _ = SealedValue::decode(&bytes);
    }

    #[test]
    fn a_changed_bit_is_another_value_or_none(bit in 0..golden().len() * 8) {
        let mut changed = golden();
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert_ne!(SealedValue::decode(&changed).ok(), Some(example()));
    }
}
