//! Certificate requests (PKCS #10, RFC 2986). The issuer takes only the public key from a request: names, usages and
//! lifetime are the profile's business, so a request can ask for nothing.

use km_crypto::{
    PublicKey, SoftwareKey,
    der::{BIT_STRING, SEQUENCE, element},
    ecdsa::{ecdsa_der, ecdsa_fixed},
};
use km_domain::{KeyAlgorithm, SecretText, SignatureAlgorithm};
use x509_parser::{
    certification_request::X509CertificationRequest,
    oid_registry::{OID_PKCS1_SHA256WITHRSA, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ED25519},
    prelude::FromDer,
};

use crate::X509Error;

/// A request whose signature proves that the sender holds the private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    pub public_key: PublicKey,
    /// The SubjectPublicKeyInfo as it stands in the request, DER.
    pub spki: Vec<u8>,
}

/// Reads a DER request and checks its signature.
///
/// Errors: malformed, a key or signature algorithm that we do not accept (SHA-1 is not), a signature that does not verify.
pub fn parse_and_verify(der: &[u8]) -> Result<CertificateRequest, X509Error> {
    let malformed = X509Error::Malformed("the certificate request");
    let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| malformed.clone())?;
    if !rest.is_empty() {
        return Err(malformed);
    }
    let accepted = [OID_PKCS1_SHA256WITHRSA, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ED25519];
    if !accepted.contains(&request.signature_algorithm.algorithm) {
        return Err(X509Error::Unsupported("the certificate request"));
    }
    let spki = request.certification_request_info.subject_pki.raw.to_vec();
    let public_key = PublicKey::from_spki_der(&spki).map_err(|_| X509Error::Unsupported("the public key"))?;
    let is_proved = match &public_key {
        // The library verifies nothing on this curve.
        PublicKey::Secp256k1(_) => ecdsa_fixed(&request.signature_value.data, 32).is_ok_and(|signature| {
            let signed = request.certification_request_info.raw;
            public_key.verify(SignatureAlgorithm::Es256K, signed, &signature).is_ok()
        }),
        _ => request.verify_signature().is_ok(),
    };
    if !is_proved {
        return Err(X509Error::BadSignature("the certificate request"));
    }
    Ok(CertificateRequest { public_key, spki })
}

/// A new P-256 key for TLS and the request for its certificate: the key as PKCS #8 PEM, the request as DER.
pub fn new_key_and_request() -> Result<(SecretText, Vec<u8>), X509Error> {
    let key = SoftwareKey::generate(KeyAlgorithm::P256).map_err(|_| X509Error::Unsupported("the key"))?;
    let request = request_for(&key)?;
    Ok((key.to_pem(), request))
}

/// The request for a key that exists already, for a renewal that keeps it. P-256 only; empty subject, no attributes.
pub fn request_for(key: &SoftwareKey) -> Result<Vec<u8>, X509Error> {
    // CertificationRequestInfo: version 0, subject (empty), key, attributes [0] (empty).
    let info = element(SEQUENCE, &[&[0x02, 1, 0, 0x30, 0][..], &key.public().to_spki_der(), &[0xA0, 0]].concat());
    let signature = key.sign(SignatureAlgorithm::Es256, &info).map_err(|_| X509Error::Unsupported("the key"))?;
    // A BIT STRING begins with the number of unused bits.
    let bits = element(BIT_STRING, &[&[0u8][..], &ecdsa_der(&signature)].concat());
    Ok(element(SEQUENCE, &[&info[..], ECDSA_WITH_SHA256, &bits].concat()))
}

/// AlgorithmIdentifier of ecdsa-with-SHA256, 1.2.840.10045.4.3.2 (RFC 5758, section 3.2).
const ECDSA_WITH_SHA256: &[u8] = &[0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_and_a_changed_one_is_not() {
        let key = SoftwareKey::generate(KeyAlgorithm::P256).unwrap();
        let der = request_for(&key).unwrap();
        assert_eq!(parse_and_verify(&der).unwrap().public_key, *key.public());
        let mut trailing = der.clone();
        trailing.push(0);
        assert!(parse_and_verify(&trailing).is_err());
        let other = request_for(&SoftwareKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
        // Another key's signature under our key: same shape, no proof.
        let info_end = der.windows(ECDSA_WITH_SHA256.len()).position(|w| w == ECDSA_WITH_SHA256).unwrap();
        let other_end = other.windows(ECDSA_WITH_SHA256.len()).position(|w| w == ECDSA_WITH_SHA256).unwrap();
        let body = [&der[info_start(&der)..info_end], &other[other_end..]].concat();
        assert_eq!(parse_and_verify(&element(0x30, &body)), Err(X509Error::BadSignature("the certificate request")));
    }

    fn info_start(request: &[u8]) -> usize {
        if request[1] & 0x80 == 0 { 2 } else { 2 + usize::from(request[1] & 0x7f) }
    }
}
