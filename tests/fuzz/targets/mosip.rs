//! The MOSIP dialect's layouts and texts: the first byte says which.
#![no_main]

use km_formats::mosip::{
    certificate_material::is_certificate_material,
    client_crypto::ClientEnvelope,
    client_key::ClientKey,
    cose::ParsedSign1,
    cwt, deflate, identifiers,
    jwe::ParsedJwe,
    jws::{ParsedHeader, SplitJws},
    payload::SealedPayload,
    pin::PinEnvelope,
    pkcs7, private_key, text, time, token_id,
    zk::{self, ZkValue},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else { return };
    match kind % 8 {
        0 => payload(bytes),
        1 => layouts(bytes),
        2 => {
            let _ = pkcs7::certificates(bytes);
        }
        3 => {
            let _ = is_certificate_material(bytes);
        }
        4 => {
            let _ = deflate::expand(bytes, 1 << 20);
        }
        5 => cbor(bytes),
        _ => texts(bytes),
    }
});

/// Whatever is found in a payload comes from its bytes.
fn payload(bytes: &[u8]) {
    let Ok(parsed) = SealedPayload::parse(bytes) else { return };
    assert!(parsed.wrapped_key.len() + parsed.body.len() < bytes.len());
    for (salt, aad) in [(None, None), (None, Some(&b"aad"[..])), (Some(&b"salt"[..]), None)] {
        if let Ok(parts) = parsed.parts(salt, aad) {
            assert!(parts.sealed.len() >= 16 && !parts.iv.is_empty());
        }
    }
}

/// What is taken apart goes together again.
fn layouts(bytes: &[u8]) {
    if let Ok(envelope) = PinEnvelope::parse(bytes) {
        assert_eq!([&PinEnvelope::head(envelope.salt, envelope.nonce), envelope.sealed].concat(), bytes);
    }
    if let Ok(value) = ZkValue::parse(bytes) {
        assert_eq!(value.to_bytes(), bytes);
    }
    let _ = (ClientEnvelope::parse(bytes), ClientKey::parse(bytes), private_key::parts(bytes));
}

fn cbor(bytes: &[u8]) {
    if let Ok(message) = ParsedSign1::parse(bytes) {
        assert!(message.to_be_signed().len() > message.payload.len());
    }
    let _ = (cwt::unwrap(bytes), cwt::ParsedClaims::parse(bytes));
}

fn texts(bytes: &[u8]) {
    let Ok(input) = std::str::from_utf8(bytes) else { return };
    if let Ok(moment) = time::parse(input) {
        assert_eq!(time::parse(&time::without_zone(moment)), Ok(moment));
    }
    if let Ok(Some(decoded)) = text::decode(input) {
        assert_eq!(text::decode(&text::encode(&decoded).expect("not empty")), Ok(Some(decoded)));
    }
    if let Ok(parts) = zk::parse_random_key(input) {
        assert_eq!(zk::parse_random_key(&zk::random_key_text(&parts)), Ok(parts));
    }
    if let Ok(split) = SplitJws::parse(input)
        && let Ok(header) = ParsedHeader::parse(split.protected)
    {
        assert!(split.signing_input(&header, None).len() > split.protected.len());
    }
    if let Ok(message) = ParsedJwe::parse(input) {
        assert!(message.parts().is_ok());
    }
    let _ = (identifiers::from_hex(input), private_key::PrivateKeyColumn::parse(input));
    if input.len() < 200 {
        let _ = token_id::first_digits(input, 36);
    }
}
