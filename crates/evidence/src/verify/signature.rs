//! The signature over `SHA256SUMS` and whose it is.

use km_crypto::{digest::sha256, ecdsa::ecdsa_fixed};
use km_domain::{SignatureAlgorithm, Timestamp};
use km_formats::cms::{CmsSignature, ParsedCms};
use km_x509::{Certificate, Usage, verify_chain};

use super::{Finding, file, text};
use crate::{files::BundleFiles, name};

/// The signature holds over the digests as they stand, by the key of the certificate that came with it.
pub fn check(files: &BundleFiles) -> Finding<ParsedCms> {
    let sums = file(files, name::SUMS)?;
    let cms = km_formats::cms::parse(file(files, name::SIGNATURE)?).map_err(|error| error.to_string())?;
    if cms.content_sha256 != sha256(sums) {
        return Err(format!("it is over another {}", name::SUMS));
    }
    if cms.certificate_sha256 != sha256(&cms.certificate) {
        return Err("it names another certificate as the signer's".to_owned());
    }
    let certificate = Certificate::from_der(&cms.certificate).map_err(|error| error.to_string())?;
    let broken = |_| "the signature does not hold".to_owned();
    let (algorithm, signature) = match cms.algorithm {
        CmsSignature::EcdsaSha256 => (SignatureAlgorithm::Es256, ecdsa_fixed(&cms.signature, 32).map_err(broken)?),
        CmsSignature::RsaSha256 => (SignatureAlgorithm::Rs256, cms.signature.clone()),
    };
    certificate.public_key.verify(algorithm, &cms.signed_attributes, &signature).map_err(broken)?;
    let finding = format!("{} is signed, {}", name::SUMS, cms.signing_time);
    Ok((cms, finding))
}

/// The signer's certificate leads to the given root, is made for signing exports, was valid when it signed, and is the one
/// in the bundle.
pub fn check_signer(files: &BundleFiles, cms: &ParsedCms, root: &[u8], at: Timestamp) -> Finding<()> {
    let roots = [root.to_vec()];
    verify_chain(&cms.certificate, &cms.chain, &roots, at, Usage::EmailProtection, &[])
        .map_err(|error| error.to_string())?;
    let certificate = Certificate::from_der(&cms.certificate).map_err(|error| error.to_string())?;
    if !certificate.is_valid_at(cms.signing_time) {
        return Err("its certificate was not valid when it signed".to_owned());
    }
    for (file, der) in [(name::SIGNER_CERTIFICATE, cms.certificate.as_slice()), (name::ROOT_CERTIFICATE, root)] {
        let shown = Certificate::from_pem(text(files, file)?).map_err(|error| error.to_string())?;
        if shown.der != der {
            return Err(format!("{file} is another certificate"));
        }
    }
    Ok(((), format!("serial {}, under the given root, for signing exports", certificate.serial_text())))
}
