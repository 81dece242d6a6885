//! Certificates in PKCS#7: a signed message of no content and no signer (RFC 5652, section 5.1: "degenerate"), as text between
//! `PKCS7` lines or as base64url.

use base64::{Engine, engine::general_purpose::STANDARD};
use der::{
    Any, Decode, Encode, Sequence, Tag, TagNumber,
    asn1::{ObjectIdentifier, SetOfVec},
};
use x509_cert::Certificate;

use super::ber::Element;
use crate::FormatError;

const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const BEGIN: &str = "-----BEGIN PKCS7-----";
const END: &str = "-----END PKCS7-----";
/// Longest bundle that is read, in bytes or characters.
const LONGEST: usize = 256 * 1024;
/// Most certificates that are read from one.
const MOST: usize = 64;

const CERTIFICATE: FormatError = FormatError::new("a certificate", "DER (RFC 5280)");
const BUNDLE: FormatError = FormatError::new("the bundle", "PKCS#7 with certificates, at most 64 and 256 KiB");

/// The certificates as a PKCS#7 message, in this order: readers take the first for the one that was asked for, so the set is not
/// sorted as DER would have it (X.690, section 11.6). Refused: a certificate that is not DER.
pub fn bundle(certificates: &[&[u8]]) -> Result<Vec<u8>, FormatError> {
    let malformed = |_| BUNDLE;
    for der in certificates {
        Certificate::from_der(der).map_err(|_| CERTIFICATE)?;
    }
    let signed = CertificatesOnly {
        version: 1,
        digest_algorithms: SetOfVec::default(),
        content: ContentType { content_type: ID_DATA },
        certificates: Any::new(FIRST, certificates.concat()).map_err(malformed)?,
        signers: SetOfVec::default(),
    };
    let content = Any::new(FIRST, signed.to_der().map_err(malformed)?).map_err(malformed)?;
    Message { content_type: ID_SIGNED_DATA, content }.to_der().map_err(malformed)
}

/// [0], constructed.
const FIRST: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };

/// ContentInfo (RFC 5652, section 3).
#[derive(Sequence)]
struct Message {
    content_type: ObjectIdentifier,
    content: Any,
}

/// SignedData (RFC 5652, section 5.1) with nothing but certificates.
#[derive(Sequence)]
struct CertificatesOnly {
    version: u8,
    digest_algorithms: SetOfVec<Any>,
    content: ContentType,
    certificates: Any,
    signers: SetOfVec<Any>,
}

#[derive(Sequence)]
struct ContentType {
    content_type: ObjectIdentifier,
}

/// The certificates of a message, as DER or as text block, in the order in which they stand. Refused: other contents, none or more
/// than 64 of them, more than 256 KiB.
pub fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, FormatError> {
    if bytes.len() > LONGEST {
        return Err(BUNDLE);
    }
    let unwrapped = std::str::from_utf8(bytes).ok().and_then(unwrap_text).transpose()?;
    let found = find(unwrapped.as_deref().unwrap_or(bytes)).ok_or(BUNDLE)?;
    if found.is_empty() || found.len() > MOST {
        return Err(BUNDLE);
    }
    for der in &found {
        Certificate::from_der(der).map_err(|_| CERTIFICATE)?;
    }
    Ok(found)
}

/// What stands where a message has its certificates. Whatever comes behind them is passed over.
fn find(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    const SEQUENCE: u8 = 0x30;
    const SET: u8 = 0x31;
    const FIRST: u8 = 0xa0;
    let message = Element::only(bytes).filter(|message| message.tag == SEQUENCE)?.children()?;
    let [content_type, content] = message.as_slice() else { return None };
    if content_type.whole != ID_SIGNED_DATA.to_der().ok()? || content.tag != FIRST {
        return None;
    }
    let signed = Element::only(content.contents).filter(|signed| signed.tag == SEQUENCE)?.children()?;
    let [_, digests, encapsulated, certificates, ..] = signed.as_slice() else { return None };
    if (digests.tag, encapsulated.tag, certificates.tag) != (SET, SEQUENCE, FIRST) {
        return None;
    }
    Some(certificates.children()?.iter().map(|one| one.whole.to_vec()).collect())
}

/// What stands between the lines; none where the text has no such lines.
fn unwrap_text(text: &str) -> Option<Result<Vec<u8>, FormatError>> {
    let body = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let body: String = body.split_whitespace().collect();
    Some(STANDARD.decode(body).map_err(|_| BUNDLE))
}

#[cfg(test)]
#[path = "pkcs7_tests.rs"]
mod tests;
