//! RSAES-OAEP with SHA-256, MGF1 with SHA-256 and an empty label (RFC 8017, section 7.1); and two further ways in which machines of
//! others decrypt, for encryption only.

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use km_domain::SecretBytes;
use num_bigint::BigUint;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{
    PublicKey, Unspecified,
    digest::{sha1_of_a_mask, sha256, sha256_parts},
    random,
};

const HASH: usize = 32;

/// Encrypts to an RSA public key of 2048 to 8192 bits. Refused: a key of another kind or size, a plaintext longer than
/// the modulus less 66 bytes.
pub fn encrypt_sha256(key: &PublicKey, plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
    encrypt_sha256_labelled(key, &[], plaintext)
}

/// As [`encrypt_sha256`], with a label.
pub fn encrypt_sha256_labelled(key: &PublicKey, label: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let PublicKey::Rsa { modulus, .. } = key else { return Err(Unspecified) };
    key.check()?;
    let parsed = PublicEncryptingKey::from_der(&key.to_spki_der()).map_err(|_| Unspecified)?;
    let key = OaepPublicEncryptingKey::new(parsed).map_err(|_| Unspecified)?;
    let mut ciphertext = vec![0; modulus.len()];
    let label = (!label.is_empty()).then_some(label);
    let length =
        key.encrypt(&OAEP_SHA256_MGF1SHA256, plaintext, &mut ciphertext, label).map_err(|_| Unspecified)?.len();
    ciphertext.truncate(length);
    Ok(ciphertext)
}

/// As [`encrypt_sha256`], but masked by MGF1 with SHA-1, as Android's key store has it. Our libraries know one hash for both, so the
/// padding is put on here; the power is computed by a library that does not hide how long it takes, of a block that is drawn anew for
/// each message and whose secret part is masked.
pub fn encrypt_sha256_masked_with_sha1(key: &PublicKey, plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let PublicKey::Rsa { modulus, exponent } = key else { return Err(Unspecified) };
    key.check()?;
    let block = pad(modulus.len(), random::bytes(), plaintext, masked_by_sha1).ok_or(Unspecified)?;
    let [number, exponent, modulus_number] = [&block[..], exponent, modulus].map(BigUint::from_bytes_be);
    let power = number.modpow(&exponent, &modulus_number).to_bytes_be();
    let mut ciphertext = vec![0; modulus.len().checked_sub(power.len()).ok_or(Unspecified)?];
    ciphertext.extend_from_slice(&power);
    Ok(ciphertext)
}

/// EME-OAEP with an empty label (RFC 8017, section 7.1.1, step 2); none where the plaintext is too long for the block.
fn pad(
    length: usize,
    seed: [u8; HASH],
    plaintext: &[u8],
    mask: fn(&[u8], usize) -> Zeroizing<Vec<u8>>,
) -> Option<Zeroizing<Vec<u8>>> {
    let zeros = length.checked_sub(2 * HASH + 2)?.checked_sub(plaintext.len())?;
    let mut block = Zeroizing::new(Vec::with_capacity(length));
    block.extend_from_slice(&sha256(b""));
    block.resize(HASH + zeros, 0);
    block.push(1);
    block.extend_from_slice(plaintext);
    let block = xor(&block, &mask(&seed, block.len()));
    let seed = xor(&seed, &mask(&block, HASH));
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.push(0);
    padded.extend_from_slice(&seed);
    padded.extend_from_slice(&block);
    Some(padded)
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
    masked(length, |counter, output| output.extend_from_slice(&sha256_parts(&[seed, counter])))
}

/// MGF1 with SHA-1.
fn masked_by_sha1(seed: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    masked(length, |counter, output| output.extend_from_slice(&sha1_of_a_mask(&[seed, counter])))
}

fn masked(length: usize, hash: impl Fn(&[u8], &mut Vec<u8>)) -> Zeroizing<Vec<u8>> {
    let mut output = Zeroizing::new(Vec::with_capacity(length + HASH));
    let mut counter = 0u32;
    while output.len() < length {
        hash(&counter.to_be_bytes(), &mut output);
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
    fn with_faults(first: u8, label_hash: [u8; 32], zeros: usize, mark: u8, message: &[u8]) -> Vec<u8> {
        let block = [&label_hash[..], &vec![0; zeros], &[mark], message].concat();
        let seed = [0x5a; HASH];
        let masked_block = xor(&block, &mask(&seed, block.len()));
        let masked_seed = xor(&seed, &mask(&masked_block, HASH));
        [&[first], &masked_seed[..], &masked_block].concat()
    }

    #[test]
    fn padding_comes_off() {
        let hash = sha256(b"");
        assert_eq!(unpad_sha256(&with_faults(0, hash, 100, 1, b"key")).unwrap().expose(), b"key");
        assert_eq!(unpad_sha256(&with_faults(0, hash, 0, 1, b"key\x01\x00")).unwrap().expose(), b"key\x01\x00");
        assert_eq!(unpad_sha256(&with_faults(0, hash, 190, 1, b"")).unwrap().expose(), b"");
    }

    #[test]
    fn every_fault_is_the_same_error() {
        let hash = sha256(b"");
        let faults = [
            with_faults(1, hash, 100, 1, b"key"),
            with_faults(0, sha256(b"label"), 100, 1, b"key"),
            with_faults(0, hash, 100, 2, b"key"),
            with_faults(0, hash, 100, 0, &[0; 3]),
            vec![0; 256],
            vec![0; 65],
            vec![0; 4096],
            vec![],
        ];
        for fault in faults {
            assert_eq!(unpad_sha256(&fault).err(), Some(Unspecified));
        }
        let good = with_faults(0, hash, 100, 1, b"key");
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

    #[test]
    fn our_padding_is_what_comes_off() {
        for text in [&b""[..], b"x", &[7; 190]] {
            let block = pad(256, [9; HASH], text, mask).unwrap();
            assert_eq!((block.len(), unpad_sha256(&block).unwrap().expose()), (256, text));
        }
        assert!(pad(256, [9; HASH], &[7; 191], mask).is_none() && pad(65, [9; HASH], &[], mask).is_none());
    }

    #[test]
    fn labels_count() {
        use aws_lc_rs::{encoding::AsDer, rsa};
        let private = rsa::PrivateDecryptingKey::generate(rsa::KeySize::Rsa2048).unwrap();
        let spki: aws_lc_rs::encoding::PublicKeyX509Der = private.public_key().as_der().unwrap();
        let public = PublicKey::from_spki_der(spki.as_ref()).unwrap();
        let ciphertext = encrypt_sha256_labelled(&public, &[0], b"key").unwrap();
        let opener = rsa::OaepPrivateDecryptingKey::new(private).unwrap();
        let mut buffer = vec![0; 256];
        assert_eq!(opener.decrypt(&OAEP_SHA256_MGF1SHA256, &ciphertext, &mut buffer, Some(&[0])).unwrap(), b"key");
        assert!(opener.decrypt(&OAEP_SHA256_MGF1SHA256, &ciphertext, &mut buffer, None).is_err());
        assert_eq!(encrypt_sha256_masked_with_sha1(&public, &[0; 191]), Err(Unspecified));
        assert_eq!(encrypt_sha256_masked_with_sha1(&public, b"key").map(|sealed| sealed.len()), Ok(256));
        assert!(encrypt_sha256_masked_with_sha1(&PublicKey::Ed25519(vec![1; 32]), b"key").is_err());
    }
}
