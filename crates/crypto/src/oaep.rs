//! RSAES-OAEP with SHA-256, MGF1 with SHA-256 and an empty label (RFC 8017, section 7.1).

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use km_domain::SecretBytes;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{
    PublicKey, Unspecified,
    digest::{sha256, sha256_parts},
};

const HASH: usize = 32;

/// Encrypts to an RSA public key of 2048 to 8192 bits. Refused: a key of another kind or size, a plaintext longer than
/// the modulus less 66 bytes.
pub fn encrypt_sha256(key: &PublicKey, plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let PublicKey::Rsa { modulus, .. } = key else { return Err(Unspecified) };
    key.check()?;
    let parsed = PublicEncryptingKey::from_der(&key.to_spki_der()).map_err(|_| Unspecified)?;
    let key = OaepPublicEncryptingKey::new(parsed).map_err(|_| Unspecified)?;
    let mut ciphertext = vec![0; modulus.len()];
    let length = key.encrypt(&OAEP_SHA256_MGF1SHA256, plaintext, &mut ciphertext, None).map_err(|_| Unspecified)?.len();
    ciphertext.truncate(length);
    Ok(ciphertext)
}

/// Takes the padding off a block that a token decrypted without doing so (`CKM_RSA_X_509`); the block is as long as the
/// modulus (RFC 8017, section 7.1.2, step 3).
///
/// All checks run to their end and fail as one, so that neither the error nor its time says which of them failed: that
/// would open the ciphertext (Manger's attack). Only the length of the block, which is public, is looked at early.
pub fn unpad_sha256(block: &[u8]) -> Result<SecretBytes, Unspecified> {
    let [first, rest @ ..] = block else { return Err(Unspecified) };
    // Room for the seed, the label's hash and the byte 1; and positions must fit the constant-time counter.
    if rest.len() < 2 * HASH + 1 || rest.len() > 1024 {
        return Err(Unspecified);
    }
    let (masked_seed, masked_block) = rest.split_at(HASH);
    let seed = xor(masked_seed, &mask(masked_block, HASH));
    let opened = xor(masked_block, &mask(&seed, masked_block.len()));
    let (label_hash, padded) = opened.split_at(HASH);

    let mut good = first.ct_eq(&0) & label_hash.ct_eq(&sha256(b""));
    let mut looking = Choice::from(1);
    let mut start = 0u32;
    for (at, byte) in padded.iter().enumerate() {
        let (zero, one) = (byte.ct_eq(&0), byte.ct_eq(&1));
        start.conditional_assign(&(at as u32 + 1), looking & one);
        good &= !looking | zero | one;
        looking &= !one;
    }
    good &= !looking;

    if bool::from(good) {
        Ok(SecretBytes::new(padded.get(start as usize..).unwrap_or_default().to_vec()))
    } else {
        Err(Unspecified)
    }
}

/// MGF1 with SHA-256 (RFC 8017, appendix B.2.1).
fn mask(seed: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut output = Zeroizing::new(Vec::with_capacity(length + HASH));
    let mut counter = 0u32;
    while output.len() < length {
        output.extend_from_slice(&sha256_parts(&[seed, &counter.to_be_bytes()]));
        counter += 1;
    }
    output.truncate(length);
    output
}

fn xor(left: &[u8], right: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(left.iter().zip(right).map(|(one, other)| one ^ other).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EME-OAEP encoding (RFC 8017, section 7.1.1), with a hand on each part.
    fn pad(first: u8, label_hash: [u8; 32], zeros: usize, mark: u8, message: &[u8]) -> Vec<u8> {
        let block = [&label_hash[..], &vec![0; zeros], &[mark], message].concat();
        let seed = [0x5a; HASH];
        let masked_block = xor(&block, &mask(&seed, block.len()));
        let masked_seed = xor(&seed, &mask(&masked_block, HASH));
        [&[first], &masked_seed[..], &masked_block].concat()
    }

    #[test]
    fn padding_comes_off() {
        let hash = sha256(b"");
        assert_eq!(unpad_sha256(&pad(0, hash, 100, 1, b"key")).unwrap().expose(), b"key");
        assert_eq!(unpad_sha256(&pad(0, hash, 0, 1, b"key\x01\x00")).unwrap().expose(), b"key\x01\x00");
        assert_eq!(unpad_sha256(&pad(0, hash, 190, 1, b"")).unwrap().expose(), b"");
    }

    #[test]
    fn every_fault_is_the_same_error() {
        let hash = sha256(b"");
        let faults = [
            pad(1, hash, 100, 1, b"key"),
            pad(0, sha256(b"label"), 100, 1, b"key"),
            pad(0, hash, 100, 2, b"key"),
            pad(0, hash, 100, 0, &[0; 3]),
            vec![0; 256],
            vec![0; 65],
            vec![0; 4096],
            vec![],
        ];
        for fault in faults {
            assert_eq!(unpad_sha256(&fault).err(), Some(Unspecified));
        }
        let good = pad(0, hash, 100, 1, b"key");
        for bit in 0..good.len() * 8 {
            let mut changed = good.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // A changed bit of the message itself would survive: the masks spread every other one.
            assert!(unpad_sha256(&changed).map_or(true, |opened| opened.expose() != b"key"));
        }
    }

    #[test]
    fn only_rsa_keys_of_good_size() {
        assert!(encrypt_sha256(&PublicKey::Ed25519(vec![1; 32]), b"key").is_err());
        let small = PublicKey::Rsa { modulus: vec![0xff; 128], exponent: vec![1, 0, 1] };
        assert!(encrypt_sha256(&small, b"key").is_err());
    }

    #[test]
    fn the_library_opens_what_we_pad_and_seal() {
        use aws_lc_rs::{encoding::AsDer, rsa};
        let private = rsa::PrivateDecryptingKey::generate(rsa::KeySize::Rsa2048).unwrap();
        let spki: aws_lc_rs::encoding::PublicKeyX509Der = private.public_key().as_der().unwrap();
        let public = PublicKey::from_spki_der(spki.as_ref()).unwrap();
        let ciphertext = encrypt_sha256(&public, b"content key").unwrap();
        let opener = rsa::OaepPrivateDecryptingKey::new(private).unwrap();
        let mut buffer = vec![0; 256];
        let opened = opener.decrypt(&OAEP_SHA256_MGF1SHA256, &ciphertext, &mut buffer, None).unwrap();
        assert_eq!(opened, b"content key");
        assert!(encrypt_sha256(&public, &[0; 191]).is_err(), "longer than the modulus allows");
    }
}
