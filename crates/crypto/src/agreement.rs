//! Elliptic curve Diffie-Hellman on P-256 with a key that is used once (SEC 1, section 6.1; RFC 7518, section 4.6).
//! A key that lasts is a [`crate::SoftwareKey`] or lives behind `keystore`.

use aws_lc_rs::agreement as checked;
use km_domain::SecretBytes;
use ring::agreement;

use crate::Unspecified;

/// A P-256 key pair for one agreement.
pub struct EphemeralKey {
    private: agreement::EphemeralPrivateKey,
    public: Vec<u8>,
}

impl EphemeralKey {
    /// A new pair.
    pub fn generate() -> Result<Self, Unspecified> {
        let private = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &crate::random::system())
            .map_err(|_| Unspecified)?;
        let public = private.compute_public_key().map_err(|_| Unspecified)?.as_ref().to_vec();
        Ok(Self { private, public })
    }

    /// The public point, uncompressed, 65 bytes.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The shared secret: the 32-byte x coordinate. Refused: a peer point that is not on the curve or not uncompressed.
    pub fn agree(self, peer: &[u8]) -> Result<SecretBytes, Unspecified> {
        let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, peer);
        agreement::agree_ephemeral(self.private, &peer, |z| SecretBytes::new(z.to_vec())).map_err(|_| Unspecified)
    }
}

/// Whether these bytes are an uncompressed point on P-256 (SEC 1, section 3.2.2.1). A point off the curve could make a
/// token give away bits of its key.
pub fn on_curve_p256(point: &[u8]) -> bool {
    on_curve(&checked::ECDH_P256, 65, point)
}

/// The same for P-384.
pub fn on_curve_p384(point: &[u8]) -> bool {
    on_curve(&checked::ECDH_P384, 97, point)
}

fn on_curve(algorithm: &'static checked::Algorithm, length: usize, point: &[u8]) -> bool {
    // The library also takes compressed points and whole SubjectPublicKeyInfos; we do not.
    point.len() == length
        && point.first() == Some(&4)
        && checked::ParsedPublicKey::try_from(checked::UnparsedPublicKey::new(algorithm, point)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree() {
        let (one, other) = (EphemeralKey::generate().unwrap(), EphemeralKey::generate().unwrap());
        let (point_one, point_other) = (one.public().to_vec(), other.public().to_vec());
        let secret = one.agree(&point_other).unwrap();
        assert!(secret.expose() == other.agree(&point_one).unwrap().expose() && secret.len() == 32);
    }

    #[test]
    fn only_points_on_the_curve() {
        let point = EphemeralKey::generate().unwrap().public().to_vec();
        assert!(on_curve_p256(&point) && !on_curve_p384(&point));
        let mut off = point.clone();
        off[64] ^= 1;
        let mut compressed = point[..33].to_vec();
        compressed[0] = 2 + (point[64] & 1);
        let mut hybrid = point.clone();
        hybrid[0] = 6 + (point[64] & 1);
        for bad in [off, compressed, hybrid, vec![0], vec![], vec![4; 65], [&[4][..], &[0; 64]].concat()] {
            assert!(!on_curve_p256(&bad));
            assert!(EphemeralKey::generate().unwrap().agree(&bad).is_err());
        }
    }
}
