//! `/encryptWithPin` and `/decryptWithPin`: AES-256-GCM under a key that PBKDF2-HMAC-SHA-512 derives from the PIN.

use std::num::NonZeroU32;

use km_crypto::{aead, pbkdf2, random};
use km_domain::{SecretBytes, SecretText};
use km_formats::mosip::pin::PinEnvelope;

use crate::EnvelopeError;

/// Seals bytes under a PIN with a new salt and nonce. The envelope does not say how many iterations were made: whoever opens it must
/// know.
pub fn seal(pin: &SecretText, iterations: NonZeroU32, plaintext: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let (salt, nonce) = (random::bytes(), random::bytes());
    let key = pbkdf2::derive_32(pin.expose().as_bytes(), &salt, iterations);
    Ok(aead::seal_after(&PinEnvelope::head(&salt, &nonce), key.expose(), &nonce, &salt, plaintext)?)
}

/// Opens what [`seal`] made. Refused, always in the same way: another PIN or number of iterations, a changed bit.
pub fn open(
    envelope: &PinEnvelope<'_>,
    pin: &SecretText,
    iterations: NonZeroU32,
) -> Result<SecretBytes, EnvelopeError> {
    let key = pbkdf2::derive_32(pin.expose().as_bytes(), envelope.salt, iterations);
    Ok(aead::open(key.expose(), envelope.nonce, envelope.salt, envelope.sealed)?)
}

#[cfg(test)]
mod tests {
    use km_formats::base64url;

    use super::*;
    use crate::mosip::fixture::{self, bytes, number, text};

    fn opened(data: &[u8], pin: &str, iterations: u32) -> Result<Vec<u8>, EnvelopeError> {
        let pin = SecretText::new(pin.to_owned());
        open(&PinEnvelope::parse(data)?, &pin, NonZeroU32::new(iterations).unwrap()).map(|text| text.expose().to_vec())
    }

    #[test]
    fn the_specifications_vectors() {
        for (iterations, data) in [
            (100_000, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKivPV6udGyqV_aQuEZy5XvgmXj0zQA4"),
            (10, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKisvhLVcjV4exBJxNfwfx_qTQQRM-6E"),
        ] {
            let data = base64url::decode_strict(data).unwrap();
            assert_eq!(opened(&data, "1234", iterations).unwrap(), b"hello");
            assert_eq!(opened(&data, "1235", iterations), Err(EnvelopeError::Refused));
            assert_eq!(opened(&data, "1234", iterations + 1), Err(EnvelopeError::Refused));
        }
    }

    #[test]
    fn what_another_program_sealed_is_opened() {
        let fixture = fixture::parse(include_str!("../../../../tests/fixtures/mosip/pins.json"));
        for case in fixture::cases(&fixture) {
            let iterations = u32::try_from(number(case, "iterations")).unwrap();
            let data = opened(&bytes(case, "data"), text(case, "pin"), iterations);
            assert_eq!(data.unwrap(), text(case, "text").as_bytes());
        }
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let (pin, rounds) = (SecretText::new("2468".to_owned()), NonZeroU32::new(2).unwrap());
        for plaintext in [&b""[..], b"x", b"a longer text than one block"] {
            let data = seal(&pin, rounds, plaintext).unwrap();
            assert_eq!(opened(&data, "2468", 2).unwrap(), plaintext);
            assert_ne!(seal(&pin, rounds, plaintext).unwrap()[..44], data[..44], "salt and nonce are new");
            for bit in 0..data.len() * 8 {
                let mut changed = data.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(opened(&changed, "2468", 2), Err(EnvelopeError::Refused), "bit {bit}");
            }
        }
    }
}
