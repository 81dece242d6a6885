//! RSAES-OAEP blocks that are wrong in one way each (RFC 8017, section 7.1.1), encrypted to a public key. Only for trying what a
//! refusal shows: the product never pads by itself but in `crates/crypto`.

use km_crypto::PublicKey;
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

const HASH: usize = 32;

/// What is wrong with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The first byte is not 0: Manger's question.
    FirstByte,
    /// The hash of the label is another's.
    LabelHash,
    /// Nothing ends the padding.
    Separator,
}

/// A ciphertext of the modulus' length that decrypts to a block which is wrong in this way alone.
pub fn ciphertext(key: &PublicKey, wrong: Wrong, seed: [u8; HASH]) -> Vec<u8> {
    let PublicKey::Rsa { modulus, exponent } = key else { panic!("an RSA key") };
    let length = modulus.len();
    let mut data = vec![0; length - HASH - 1];
    data[..HASH].copy_from_slice(&Sha256::digest(b""));
    let message = data.len() - 16;
    data[message - 1] = u8::from(wrong != Wrong::Separator);
    if wrong != Wrong::Separator {
        data[message..].fill(0x5A);
    }
    if wrong == Wrong::LabelHash {
        data[0] ^= 1;
    }
    let masked = xor(&data, &mask(&seed, data.len()));
    let seed = xor(&seed, &mask(&masked, HASH));
    let block = [&[u8::from(wrong == Wrong::FirstByte)], seed.as_slice(), &masked].concat();
    let number = BigUint::from_bytes_be(&block)
        .modpow(&BigUint::from_bytes_be(exponent), &BigUint::from_bytes_be(modulus))
        .to_bytes_be();
    [vec![0; length - number.len()], number].concat()
}

/// MGF1 with SHA-256 (RFC 8017, appendix B.2.1).
fn mask(seed: &[u8], length: usize) -> Vec<u8> {
    let blocks =
        (0..u32::MAX).map(|count| Sha256::new().chain_update(seed).chain_update(count.to_be_bytes()).finalize());
    blocks.flatten().take(length).collect()
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}
