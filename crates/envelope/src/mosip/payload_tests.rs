use km_crypto::gcm;
use km_domain::KeyAlgorithm;
use km_keystore::KeyStoreError;
use proptest::prelude::*;

use super::*;
use crate::{
    mosip::fixture::{self, bytes, optional, text},
    software_store::SoftwareStore,
};

fn certified(store: &SoftwareStore) -> Certified {
    Certified { public: store.public(), thumbprint: [0x7e; THUMBPRINT] }
}

fn open_bytes(
    store: &SoftwareStore,
    data: &[u8],
    salt: Option<&[u8]>,
    aad: Option<&[u8]>,
) -> Result<Vec<u8>, EnvelopeError> {
    let payload = SealedPayload::parse(data)?;
    open(&payload, salt, aad, &store.stored(), store).map(|opened| opened.expose().to_vec())
}

type Bytes<'a> = Option<&'a [u8]>;

/// The ways in which a caller may ask: salt and AAD.
const REQUESTS: [(Bytes<'_>, Bytes<'_>); 6] = [
    (None, None),
    (None, Some(b"my-aad")),
    (Some(b"twelve bytes"), None),
    (Some(b"sixteen bytes ok"), Some(b"my-aad")),
    (Some(&[0xa5; 32]), Some(&[0x5a; 32])),
    (Some(b"s"), Some(b"a")),
];

#[test]
fn what_another_program_sealed_is_opened() {
    let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/payloads.json"));
    let store = fixture::store(&fixture);
    let mut layouts = std::collections::BTreeSet::new();
    for case in fixture::cases(&fixture) {
        let data = bytes(case, "data");
        let payload = SealedPayload::parse(&data).unwrap();
        assert_eq!(payload.versioned, text(case, "layout") == "A");
        assert_eq!(payload.thumbprint.map(|thumbprint| thumbprint.to_vec()), optional(case, "thumbprint"));
        let (salt, aad) = (optional(case, "salt"), optional(case, "aad"));
        let opened = open_bytes(&store, &data, salt.as_deref(), aad.as_deref());
        assert_eq!(opened, Ok(bytes(case, "plaintext")), "{case}");
        layouts.insert((text(case, "layout").to_owned(), payload.thumbprint.is_some()));
    }
    assert_eq!(layouts.len(), 6, "every layout, named and unnamed");
}

/// The bodies that the specification gives, with the AES key 00..1f.
#[test]
fn the_specifications_vectors() {
    let key: Vec<u8> = (0..32).collect();
    let a = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f999bc0424b59a539efa57555b919d947f8aa8da27e14c0\
             7474788cb901a1";
    let b = "ac339f75869f834d5ea413ae889700a5b6d938073b007b3ec89caaa186df808182838485868788898a8b8c8d8e8f";
    let c = "51814ddd75a8ef4ce1ff7dd2cf69307df846d362ac19097c6de3172c54c8";
    let salt: Vec<u8> = (0xa0..0xb0).collect();
    let cases: [(bool, Bytes<'_>, Bytes<'_>, &str); 3] =
        [(true, None, None, a), (false, None, Some(b"my-aad"), b), (false, Some(&salt), Some(b"my-aad"), c)];
    for (versioned, salt, aad, body) in cases {
        let body = km_formats::mosip::identifiers::from_hex(body).unwrap();
        let payload = SealedPayload { versioned, thumbprint: None, wrapped_key: &[], body: &body };
        let parts = payload.parts(salt, aad).unwrap();
        let opened = gcm::open(&key, parts.iv, parts.aad, parts.sealed).unwrap();
        assert!(opened.expose() == br#"{"name":"abc"}"#);
    }
}

#[test]
fn what_is_sealed_is_opened_and_never_alike() {
    let store = SoftwareStore::rsa_of_wycheproof();
    for (salt, aad) in REQUESTS {
        let one = seal(&certified(&store), salt, aad, b"plaintext").unwrap();
        let two = seal(&certified(&store), salt, aad, b"plaintext").unwrap();
        assert_eq!(open_bytes(&store, &one, salt, aad).unwrap(), b"plaintext");
        let [one, two] = [&one, &two].map(|bytes| SealedPayload::parse(bytes).unwrap());
        assert_eq!((one.thumbprint, one.versioned), (Some([0x7e; 32]), (salt, aad) == (None, None)));
        assert!(one.wrapped_key != two.wrapped_key && one.body != two.body, "one key for two payloads");
    }
}

#[test]
fn every_changed_bit_of_the_body_is_refused() {
    let store = SoftwareStore::rsa_of_wycheproof();
    for (salt, aad) in REQUESTS {
        let data = seal(&certified(&store), salt, aad, b"{}").unwrap();
        let payload = SealedPayload::parse(&data).unwrap();
        let content_key = content_key::decrypt_or_substitute(payload.wrapped_key, &store.stored(), &store).unwrap();
        // RSA is slow here: the body under the one content key, the wrapped key below.
        for bit in 0..payload.body.len() * 8 {
            let mut body = payload.body.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            let changed = SealedPayload { body: &body, ..payload };
            let parts = changed.parts(salt, aad).unwrap();
            assert!(gcm::open(content_key.expose(), parts.iv, parts.aad, parts.sealed).is_err(), "bit {bit}");
        }
        for bit in (0..payload.wrapped_key.len() * 8).step_by(97) {
            let mut wrapped = payload.wrapped_key.to_vec();
            wrapped[bit / 8] ^= 1 << (bit % 8);
            let changed = SealedPayload { wrapped_key: &wrapped, ..payload };
            assert_eq!(open(&changed, salt, aad, &store.stored(), &store).err(), Some(EnvelopeError::Refused));
        }
    }
}

#[test]
fn a_wrong_key_salt_or_aad_looks_the_same() {
    let store = SoftwareStore::rsa_of_wycheproof();
    let refused = Err(EnvelopeError::Refused);
    for (salt, aad) in REQUESTS {
        let data = seal(&certified(&store), salt, aad, b"plaintext").unwrap();
        for (other_salt, other_aad) in [(Some(&b"other salt"[..]), aad), (salt, Some(&b"other aad"[..]))] {
            // Layout A carries its AAD: what else is given does not count, as in the dialect's own server.
            if (salt, aad, other_salt) != (None, None, None) {
                assert_eq!(open_bytes(&store, &data, other_salt, other_aad), refused);
            }
        }
        // Another key: the padding fails, and nothing tells it from a wrong AAD.
        let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/payloads.json"));
        let other = fixture::store(&fixture);
        assert_eq!(open_bytes(&other, &data, salt, aad), refused);
        assert_eq!(other.calls.load(std::sync::atomic::Ordering::SeqCst), 1, "the store was asked all the same");
    }
}

#[test]
fn what_cannot_be_sealed_or_opened() {
    let store = SoftwareStore::rsa_of_wycheproof();
    let good = certified(&store);
    assert_eq!(seal(&good, None, None, b""), Err(EnvelopeError::Refused), "nothing to seal");
    assert_eq!(seal(&good, Some(b""), None, b"x"), Err(EnvelopeError::Refused), "an empty salt");
    let curve = Certified { public: SoftwareStore::generate(KeyAlgorithm::P256).public(), ..good.clone() };
    assert_eq!(seal(&curve, None, None, b"x"), Err(EnvelopeError::Refused), "no RSA key");

    let data = seal(&good, None, None, b"x").unwrap();
    let payload = SealedPayload::parse(&data).unwrap();
    let larger = StoredKey { algorithm: KeyAlgorithm::Rsa4096, ..store.stored() };
    assert_eq!(open(&payload, None, None, &larger, &store).err(), Some(EnvelopeError::Refused), "another modulus");
    let away = SoftwareStore::rsa_of_wycheproof().broken(KeyStoreError::Unavailable("away".into()));
    let expected = Some(EnvelopeError::Unavailable("away".into()));
    assert_eq!(open(&payload, None, None, &away.stored(), &away).err(), expected, "the token's trouble is told");
}

#[test]
fn a_large_payload_needs_one_buffer() {
    let store = SoftwareStore::rsa_of_wycheproof();
    let large = vec![0x5a; 3 << 20];
    for (salt, aad) in REQUESTS {
        let data = seal(&certified(&store), salt, aad, &large).unwrap();
        assert_eq!(data.capacity(), data.len(), "the buffer was made for it");
        assert!(open_bytes(&store, &data, salt, aad).unwrap() == large);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_bytes_come_back_in_any_layout(
        plaintext in prop::collection::vec(any::<u8>(), 1..300),
        salt in prop::option::of(prop::collection::vec(any::<u8>(), 1..70)),
        aad in prop::option::of(prop::collection::vec(any::<u8>(), 0..70)),
    ) {
        let store = SoftwareStore::rsa_of_wycheproof();
        let data = seal(&certified(&store), salt.as_deref(), aad.as_deref(), &plaintext).unwrap();
        prop_assert_eq!(open_bytes(&store, &data, salt.as_deref(), aad.as_deref()).unwrap(), plaintext);
    }
}
