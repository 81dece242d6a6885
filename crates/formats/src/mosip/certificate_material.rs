//! Bytes that a certification authority signs, told from a caller's data. The dialect signs data with keys that also issue
//! certificates; whoever got such a key to sign a certificate's body would have a certificate.

use super::ber::Element;

/// Whether the bytes could be the signed part of a certificate, of a revocation list, of a signing request or of an OCSP answer, or
/// CMS signed attributes.
///
/// All of them are one ASN.1 SEQUENCE, or SET, that begins in one of a few ways and is made of whole elements. Lengths are taken as
/// leniently as any reader takes them (BER), and what is inside the elements is not looked at: better one refusal too many. Of random
/// bytes one in some hundred millions is taken for such.
pub fn is_certificate_material(bytes: &[u8]) -> bool {
    let Some((Element { tag, contents, .. }, [])) = Element::lenient(bytes) else { return false };
    let Some(first) = contents.first() else { return false };
    let begins = match tag {
        // INTEGER, SEQUENCE, [0], [1], [2].
        SEQUENCE => matches!(first, 0x02 | 0x30 | 0xa0 | 0xa1 | 0xa2),
        SET => *first == SEQUENCE,
        _ => false,
    };
    begins && elements(contents)
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// Whether the bytes are a run of elements. One of indefinite length is taken to reach to the end.
fn elements(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Some((_, rest)) = Element::lenient(bytes) else { return false };
        bytes = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use der::{Decode, Encode};
    use x509_cert::Certificate;

    use super::*;

    fn tbs() -> Vec<u8> {
        let fixture: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/fixtures/mosip/certificates.json")).unwrap();
        let der = STANDARD.decode(fixture["chain"][0].as_str().unwrap()).unwrap();
        Certificate::from_der(&der).unwrap().tbs_certificate().to_der().unwrap()
    }

    #[test]
    fn what_an_authority_signs() {
        let tbs = tbs();
        assert!(is_certificate_material(&tbs));
        // The same with a length that is longer than need be, and with an indefinite one.
        let [0x30, 0x82, high, low, contents @ ..] = tbs.as_slice() else { panic!("a long SEQUENCE") };
        assert!(is_certificate_material(&[&[0x30, 0x84, 0, 0, *high, *low], contents].concat()));
        assert!(is_certificate_material(&[&[0x30, 0x80], contents, &[0, 0]].concat()));
        // Signed attributes; a revocation list of version 1; OCSP.
        assert!(is_certificate_material(&[0x31, 6, 0x30, 4, 6, 0, 0x31, 0]));
        assert!(is_certificate_material(&[0x30, 4, 0x30, 0, 0x30, 0]));
        assert!(is_certificate_material(&[0x30, 4, 0xa1, 0, 0x18, 0]));
    }

    #[test]
    fn what_callers_sign() {
        let tbs = tbs();
        let others: [&[u8]; 9] = [
            b"",
            b"{}",
            b"0",
            b"0\x02",
            br#"{"iss":"x"}"#,
            &[0x30, 0],
            &[0; 64],
            &tbs[1..],
            &[&tbs[..], &[0]].concat(),
        ];
        for bytes in others {
            assert!(!is_certificate_material(bytes));
        }
        // Digests, also such as begin like an element of their own length.
        let mut taken = 0;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..200_000 {
            let mut bytes = [0_u8; 64];
            for byte in &mut bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = state.to_be_bytes()[0];
            }
            (bytes[0], bytes[1]) = (0x30, 62);
            taken += u32::from(is_certificate_material(&bytes));
        }
        assert!(taken < 200, "{taken} of 200,000 random bodies");
    }
}
