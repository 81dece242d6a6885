//! `/signV2` and `/signRawData`: a signature over a caller's bytes, with nothing around them.

use km_domain::SignatureAlgorithm;
use km_formats::mosip::certificate_material::is_certificate_material;
use km_keystore::{Sign, StoredKey};

use crate::EnvelopeError;

/// Signs the whole message. ECDSA signatures are r and s of fixed length, one after the other.
///
/// Refused: an algorithm that is not the key's; bytes that could be the body of a certificate, a revocation list or signed attributes,
/// whatever the key is, for keys that sign data here issue certificates too.
pub fn sign<S: Sign + ?Sized>(
    store: &S,
    key: &StoredKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, EnvelopeError> {
    if !key.algorithm.signatures().contains(&algorithm) || is_certificate_material(message) {
        return Err(EnvelopeError::Refused);
    }
    Ok(store.sign(key, algorithm, message)?)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use km_domain::KeyAlgorithm;

    use super::*;
    use crate::software_store::SoftwareStore;

    #[test]
    fn bytes_are_signed_as_they_are() {
        let stores = [
            (SoftwareStore::rsa_of_wycheproof(), SignatureAlgorithm::Rs256),
            (SoftwareStore::rsa_of_wycheproof(), SignatureAlgorithm::Ps256),
            (SoftwareStore::generate(KeyAlgorithm::P256), SignatureAlgorithm::Es256),
        ];
        for (store, algorithm) in stores {
            for message in [&b""[..], b"text", &[0xff; 64]] {
                let signature = sign(&store, &store.stored(), algorithm, message).unwrap();
                store.public().verify(algorithm, message, &signature).unwrap();
                assert!(store.public().verify(algorithm, b"other", &signature).is_err());
            }
        }
    }

    #[test]
    fn certificates_are_not_signed_as_data() {
        let store = SoftwareStore::rsa_of_wycheproof();
        // The beginning of every certificate's body, complete in itself: version, serial number, algorithm.
        let body = [0x30, 10, 0xa0, 3, 2, 1, 2, 2, 1, 7, 0x30, 0];
        assert_eq!(sign(&store, &store.stored(), SignatureAlgorithm::Rs256, &body), Err(EnvelopeError::Refused));
        assert_eq!(store.calls.load(Ordering::SeqCst), 0, "the key was asked");
        assert_eq!(sign(&store, &store.stored(), SignatureAlgorithm::Es256, b"x"), Err(EnvelopeError::Refused));
    }
}
