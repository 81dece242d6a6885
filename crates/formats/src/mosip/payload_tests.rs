use proptest::prelude::*;

use super::*;

const THUMB: [u8; THUMBPRINT] = [0xaa; THUMBPRINT];
const WRAPPED: [u8; WRAPPED_KEY] = [0xbb; WRAPPED_KEY];

fn lay_out(layout: Layout<'_>, sealed: &[u8]) -> Vec<u8> {
    let mut bytes = layout.front(&THUMB, &WRAPPED, sealed.len());
    bytes.extend_from_slice(sealed);
    bytes.extend_from_slice(layout.back());
    bytes
}

#[test]
fn every_byte_stands_where_the_specification_puts_it() {
    let sealed = [0xcc; 30];
    let a = lay_out(Layout::Embedded { aad: [0xdd; 32] }, &sealed);
    assert_eq!(a[..6], *b"VER_R2");
    assert_eq!((&a[6..38], &a[38..294], &a[294..308]), (&THUMB[..], &WRAPPED[..], &SPLITTER[..]));
    assert_eq!((&a[308..340], &a[340..]), (&[0xdd; 32][..], &sealed[..]));

    let b = lay_out(Layout::Appended { iv: [0xee; 16], aad: b"aad" }, &sealed);
    assert_eq!((&b[..32], &b[32..288], &b[288..302]), (&THUMB[..], &WRAPPED[..], &SPLITTER[..]));
    assert_eq!((&b[302..332], &b[332..]), (&sealed[..], &[0xee; 16][..]));

    let c = lay_out(Layout::Given { salt: b"salt", aad: b"aad" }, &sealed);
    assert_eq!((&c[..302], &c[302..]), (&b[..302], &sealed[..]));
}

#[test]
fn what_is_given_chooses_the_layout() {
    let random: [u8; 32] = std::array::from_fn(|at| at as u8);
    let a = Layout::choose(None, None, random);
    assert_eq!((a.iv(), a.aad()), (&random[..12], &random[..]));
    let b = Layout::choose(None, Some(b"aad"), random);
    assert_eq!((b.iv(), b.aad(), b.back()), (&random[..16], &b"aad"[..], &random[..16]));
    let c = Layout::choose(Some(b"salt"), None, random);
    assert_eq!((c.iv(), c.aad(), c.back()), (&b"salt"[..], &b""[..], &b""[..]));
    assert_eq!(Layout::choose(Some(b"salt"), Some(b"aad"), random).aad(), b"aad");
}

#[test]
fn data_from_before_thumbprints() {
    // A key of another length than thumbprint and RSA-2048 make together is a wrapped key and nothing else.
    for length in [0, 1, 255, 256, 287, 289, 384, 416, 512] {
        let key = vec![0xbb; length];
        let bytes = [&key[..], SPLITTER, &[0; 40]].concat();
        let parsed = SealedPayload::parse(&bytes).unwrap();
        assert_eq!((parsed.thumbprint, parsed.wrapped_key, parsed.versioned), (None, &key[..], false));
    }
    let bytes = [VERSION, &WRAPPED[..], SPLITTER, &[0; 48]].concat();
    let parsed = SealedPayload::parse(&bytes).unwrap();
    assert_eq!((parsed.thumbprint, parsed.wrapped_key, parsed.versioned), (None, &WRAPPED[..], true));
}

#[test]
fn bodies_that_are_too_short() {
    let with_body = |versioned: bool, length: usize| {
        let version: &[u8] = if versioned { VERSION } else { &[] };
        [version, &THUMB, &WRAPPED, SPLITTER, &vec![7; length]].concat()
    };
    for (versioned, salt, enough) in [(true, None, 48), (false, None, 32), (false, Some(&b"s"[..]), 16)] {
        for length in 0..enough + 2 {
            let bytes = with_body(versioned, length);
            let parts = SealedPayload::parse(&bytes).unwrap().parts(salt, None);
            assert_eq!(parts.is_ok(), length >= enough, "{versioned} {length}");
        }
    }
    let bytes = with_body(false, 40);
    assert!(SealedPayload::parse(&bytes).unwrap().parts(Some(b""), None).is_err(), "an empty salt");
}

#[test]
fn without_a_splitter_there_is_nothing_to_open() {
    for bytes in [&b""[..], b"#KEY_SPLITTER", b"KEY_SPLITTER#", &[0; 400]] {
        assert!(SealedPayload::parse(bytes).is_err());
    }
    // The first splitter counts: a ciphertext may contain another.
    let bytes = [&WRAPPED[..], SPLITTER, SPLITTER, &[1; 16]].concat();
    assert_eq!(SealedPayload::parse(&bytes).unwrap().body, [&SPLITTER[..], &[1; 16]].concat());
}

proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, head in 0..300_usize, salt: Option<Vec<u8>>, aad: Option<Vec<u8>>) {
        for bytes in [bytes.clone(), [&vec![9; head][..], SPLITTER, &bytes].concat()] {
            if let Ok(parsed) = SealedPayload::parse(&bytes) {
                let _ = parsed.parts(salt.as_deref(), aad.as_deref());
            }
        }
    }

    #[test]
    fn what_is_laid_out_is_found_again(
        sealed in prop::collection::vec(any::<u8>(), 16..64),
        salt: Option<[u8; 7]>,
        aad: Option<Vec<u8>>,
        random: [u8; 32],
        thumbprint: [u8; 32],
    ) {
        let (salt, aad) = (salt.as_ref().map(|salt| &salt[..]), aad.as_deref());
        let layout = Layout::choose(salt, aad, random);
        let mut bytes = layout.front(&thumbprint, &WRAPPED, 0);
        bytes.extend_from_slice(&sealed);
        bytes.extend_from_slice(layout.back());
        let parsed = SealedPayload::parse(&bytes).unwrap();
        prop_assert_eq!(parsed.thumbprint, Some(thumbprint));
        prop_assert_eq!(parsed.wrapped_key, &WRAPPED[..]);
        let parts = parsed.parts(salt, aad).unwrap();
        prop_assert_eq!((parts.iv, parts.aad, parts.sealed), (layout.iv(), layout.aad(), &sealed[..]));
    }
}
