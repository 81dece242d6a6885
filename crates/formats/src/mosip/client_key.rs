//! The public key of a registration client: a SubjectPublicKeyInfo, or what a TPM says of an RSA key of its own, TPMT_PUBLIC (TCG, TPM 2.0
//! Library, part 2, sections 12.2.3 and 12.2.4).

use crate::FormatError;

/// A client's key, told apart by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKey<'a> {
    /// DER.
    Spki(&'a [u8]),
    /// An RSA key in a TPM; both numbers are big-endian and may begin with zeros.
    Tpm { modulus: &'a [u8], exponent: [u8; 4] },
}

/// TPM_ALG_RSA.
const RSA: u16 = 0x0001;
/// TPM_ALG_NULL.
const NULL: u16 = 0x0010;
/// TPM_ALG_RSAES, the one scheme without a hash.
const RSAES: u16 = 0x0015;
/// An exponent of zero stands for this.
const USUAL_EXPONENT: [u8; 4] = [0, 1, 0, 1];

impl<'a> ClientKey<'a> {
    /// Refused: nothing that begins as either; a TPM's key of another kind, cut short, or with bytes behind it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        const REFUSED: FormatError = FormatError::new("the public key", "DER, or an RSA key as a TPM writes it");
        match bytes.first() {
            Some(0x30) => Ok(Self::Spki(bytes)),
            _ => tpm(bytes).ok_or(REFUSED),
        }
    }
}

fn tpm(bytes: &[u8]) -> Option<ClientKey<'_>> {
    let mut reader = Reader(bytes);
    if reader.number()? != RSA {
        return None;
    }
    // Algorithm of its name, attributes, policy.
    reader.take(2 + 4)?;
    reader.sized()?;
    // What it encrypts below itself with, if anything: algorithm, bits, mode.
    if reader.number()? != NULL {
        reader.take(2 + 2)?;
    }
    // How it signs or decrypts, if only so: scheme, hash.
    if !matches!(reader.number()?, NULL | RSAES) {
        reader.take(2)?;
    }
    // Bits; the modulus says them too.
    reader.take(2)?;
    let exponent: [u8; 4] = reader.take(4)?.try_into().ok()?;
    let modulus = reader.sized()?;
    let exponent = if exponent == [0; 4] { USUAL_EXPONENT } else { exponent };
    reader.0.is_empty().then_some(ClientKey::Tpm { modulus, exponent })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// Bytes after their length.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a TPM writes a signing key: name by SHA-1, no policy, RSASSA with SHA-256, 2048 bits.
    fn signing(exponent: [u8; 4], modulus: &[u8]) -> Vec<u8> {
        let head = [0, 1, 0, 4, 0, 4, 0, 0x72, 0, 0, 0, 0x10, 0, 0x14, 0, 0x0b, 8, 0];
        [&head[..], &exponent, &u16::try_from(modulus.len()).unwrap().to_be_bytes(), modulus].concat()
    }

    /// As a TPM writes a key that decrypts: name by SHA-256, a policy of 32 bytes, OAEP with SHA-256.
    fn decrypting(modulus: &[u8]) -> Vec<u8> {
        let head = [0, 1, 0, 0x0b, 0, 2, 0, 0x72, 0, 32];
        let parameters = [0, 0x10, 0, 0x17, 0, 0x0b, 8, 0, 0, 0, 0, 0];
        [&head[..], &[9; 32], &parameters, &u16::try_from(modulus.len()).unwrap().to_be_bytes(), modulus].concat()
    }

    #[test]
    fn keys_of_a_tpm() {
        let modulus = [7; 256];
        let expected = ClientKey::Tpm { modulus: &modulus, exponent: [0, 1, 0, 1] };
        for bytes in [signing([0; 4], &modulus), signing([0, 1, 0, 1], &modulus), decrypting(&modulus)] {
            assert_eq!(ClientKey::parse(&bytes), Ok(expected));
        }
        let three = signing([0, 0, 0, 3], &modulus);
        assert_eq!(ClientKey::parse(&three), Ok(ClientKey::Tpm { modulus: &modulus, exponent: [0, 0, 0, 3] }));
    }

    #[test]
    fn others_are_told_apart_or_refused() {
        assert_eq!(ClientKey::parse(&[0x30, 0]), Ok(ClientKey::Spki(&[0x30, 0])));
        let good = decrypting(&[7; 256]);
        for length in 0..good.len() {
            assert!(ClientKey::parse(&good[..length]).is_err(), "{length}");
        }
        assert!(ClientKey::parse(&[&good[..], &[0]].concat()).is_err());
        // On a curve.
        assert!(ClientKey::parse(&[&[0, 0x23][..], &good[2..]].concat()).is_err());
    }
}
