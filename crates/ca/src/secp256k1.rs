//! Keys on secp256k1 in certificates and requests. rcgen lays out no such key, so it is given the point as one on P-256, and what
//! it laid out is respelled with the right curve and signed anew.

use km_crypto::{PublicKey, der};
use rcgen::SigningKey;

use crate::{CaError, TokenKey};

/// The same point, spelled as one on P-256: SubjectPublicKeyInfo, DER.
pub(crate) fn stand_in(point: &[u8]) -> Vec<u8> {
    PublicKey::P256(point.to_vec()).to_spki_der()
}

/// A certificate or request (RFC 5280, section 4.1; RFC 2986, section 4) with the key on secp256k1 in place of its stand-in.
///
/// Errors: there is no stand-in in it; the token did not sign.
pub(crate) fn respelled(laid_out: &[u8], point: &[u8], signer: &TokenKey<'_>) -> Result<Vec<u8>, CaError> {
    let other_form = |_| CaError::Lint("it could not be laid out");
    let mut outer = der::Reader::new(laid_out);
    let mut parts = der::Reader::new(outer.read(der::SEQUENCE).map_err(other_form)?);
    let signed = parts.read(der::SEQUENCE).map_err(other_form)?;
    let algorithm = parts.read(der::SEQUENCE).map_err(other_form)?;

    let stand_in = stand_in(point);
    let at = signed.windows(stand_in.len()).position(|window| window == stand_in);
    let (before, from) = signed.split_at(at.ok_or(CaError::Lint("its public key"))?);
    let after = from.get(stand_in.len()..).unwrap_or_default();
    let spki = PublicKey::Secp256k1(point.to_vec()).to_spki_der();
    let signed = der::element(der::SEQUENCE, &[before, &spki, after].concat());

    let signature = signer.sign(&signed).map_err(|error| signer.explain(&error))?;
    // A BIT STRING begins with the number of unused bits.
    let bits = der::element(der::BIT_STRING, &[&[0], signature.as_slice()].concat());
    Ok(der::element(der::SEQUENCE, &[signed, der::element(der::SEQUENCE, algorithm), bits].concat()))
}
