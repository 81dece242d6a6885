//! Sign a PDF with the current master key of an application, in the token. The CMS attributes that are signed are made here, of the
//! document's digest: no caller's bytes are among them.

use km_domain::SecretBytes;
use km_envelope::{EnvelopeError, pdf};
use km_formats::pdf::{Look, prepare};

use super::{
    Alias, Certificates, Fault, KeyName,
    signer::{of_today, permitted, recorded},
};
use crate::{Caller, Keys, Operation, OperationError, Operations};

/// What is to be signed, and how it is to look.
pub struct ToSignPdf {
    pub name: KeyName,
    pub document: SecretBytes,
    /// 0 is the first.
    pub page: usize,
    /// Left, lower, right and upper end.
    pub rectangle: [u32; 4],
    pub reason: String,
}

/// A signed document.
pub type PdfSigned = SecretBytes;

/// Signs.
///
/// Errors: as of `jwt_sign`; a document that cannot be read, is encrypted or has no such page; a key that is neither P-256 nor RSA.
pub fn pdf_sign(operations: &Operations, caller: &Caller, asked: &ToSignPdf) -> Operation<PdfSigned> {
    let keys = operations.keyring.keys();
    recorded(operations, caller, &keys, sign(operations, &keys, caller, asked))
}

fn sign<'a>(
    operations: &Operations,
    keys: &'a Keys,
    caller: &Caller,
    asked: &ToSignPdf,
) -> Result<(&'a Alias, PdfSigned), OperationError> {
    // 1. May the caller, for this key?
    let name = permitted(operations, keys, caller, &asked.name)?;
    // 2. With the key of today; verifiers have the root.
    let signer = of_today(operations, keys, caller, &name)?;
    let path = signer.certificates(keys, caller.tenant(), Certificates::Chain)?;
    let certificate = signer.alias.certified()?;
    let between = path.get(1..path.len().saturating_sub(1)).unwrap_or_default();
    // 3. The document, with room for the signature.
    let subject = certificate.common_name.clone().unwrap_or_else(|| name.to_string());
    let look = Look {
        page: asked.page,
        rectangle: asked.rectangle,
        reason: &asked.reason,
        name: &subject,
        moment: signer.now,
    };
    let prepared = prepare(asked.document.expose(), &look, pdf::room(&certificate.der, between)).map_err(|error| {
        OperationError::Mosip(Fault::NotPdf(if error.part == "pageNumber" { PAGE } else { DOCUMENT }))
    })?;
    // 4. In the token.
    match pdf::sign(&*operations.keys, signer.key, &certificate.der, between, prepared, signer.now) {
        Err(EnvelopeError::Refused) => Err(OperationError::Mosip(Fault::NotSigned)),
        signed => Ok((signer.alias, SecretBytes::new(signed?))),
    }
}

const PAGE: &str = "pageNumber must be the number of a page";
const DOCUMENT: &str = "data must be a PDF that is intact and not encrypted";
