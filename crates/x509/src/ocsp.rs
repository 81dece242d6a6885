//! The status of one certificate, asked of a responder (RFC 6960).

use km_crypto::digest::sha1_of_an_identifier;
use km_domain::Timestamp;
use x509_parser::{asn1_rs::BitString, certificate::X509Certificate, prelude::FromDer, x509::AlgorithmIdentifier};

use crate::{Certificate, ExtendedUsage, Status, X509Error, certificate::is_sound};

/// What a responder said of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    status: Status,
    /// When it was revoked; none where its key was in other hands.
    since: Option<Timestamp>,
    /// After this it says nothing any more.
    pub ends: Timestamp,
}

impl Answer {
    /// What it says at a moment.
    pub fn status(&self, at: Timestamp) -> Status {
        match self.status {
            Status::Revoked if self.since.is_some_and(|since| at.seconds() < since.seconds()) => Status::Good,
            Status::Good if at.seconds() > self.ends.seconds() => Status::Unknown,
            status => status,
        }
    }
}

/// How long an answer without an end of its own is believed, and how far a responder's clock may be ahead, in seconds.
const USUAL: i64 = 3600;
const LEEWAY: i64 = 300;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTETS: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const TIME: u8 = 0x18;
/// A context-specific tag, constructed or not.
const FIRST: u8 = 0xa0;
const GOOD: u8 = 0x80;
const REVOKED: u8 = 0xa1;
/// AlgorithmIdentifier of SHA-1, which every responder knows; it names the issuer here and proves nothing.
const SHA1: &[u8] = &[0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0];
/// id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1.
const BASIC: &[u8] = &[6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// id-kp-OCSPSigning.
const SIGNS_ANSWERS: &str = "1.3.6.1.5.5.7.3.9";

/// The question after a certificate of this issuer's, DER (RFC 6960, section 4.1).
///
/// Errors: the issuer's certificate does not read.
pub fn question(certificate: &Certificate, issuer: &Certificate) -> Result<Vec<u8>, X509Error> {
    let (name, key, serial) = id(certificate, issuer)?;
    let id = element(
        SEQUENCE,
        &[SHA1, &element(OCTETS, &name), &element(OCTETS, &key), &element(INTEGER, &serial)].concat(),
    );
    let requests = element(SEQUENCE, &element(SEQUENCE, &id));
    Ok(element(SEQUENCE, &element(SEQUENCE, &requests)))
}

/// Reads and checks the answer after a certificate.
///
/// Inputs: the answer, DER; the certificate; its issuer's, who signed the answer or the responder's certificate; the moment. Errors: the
/// responder did not answer; it speaks of another certificate; it is overdue; nobody who may signed it.
pub fn answer(
    der: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    now: Timestamp,
) -> Result<Answer, X509Error> {
    let basic = basic(der).ok_or(MALFORMED)?;
    is_signed(&basic, issuer, now)?;
    let said = singles(&basic).ok_or(MALFORMED)?;
    let (name, key, serial) = id(certificate, issuer)?;
    let own = said.iter().find(|said| said.name == name && said.key == key && said.serial == serial);
    let own = own.ok_or(X509Error::RevocationUnknown)?;
    let begins = time(own.this_update).ok_or(MALFORMED)?;
    let ends = match own.next_update {
        Some(text) => time(text).ok_or(MALFORMED)?,
        None => Timestamp::from_seconds(begins.seconds() + USUAL),
    };
    if begins.seconds() > now.seconds() + LEEWAY || now.seconds() > ends.seconds() {
        return Err(X509Error::RevocationUnknown);
    }
    let (status, since) = match own.status.tag {
        GOOD => (Status::Good, None),
        REVOKED => (Status::Revoked, revoked_since(own.status.contents).ok_or(MALFORMED)?),
        _ => (Status::Unknown, None),
    };
    Ok(Answer { status, since, ends })
}

const MALFORMED: X509Error = X509Error::Malformed("the responder's answer");

/// SHA-1 of the issuer's name and key, and the serial number as an INTEGER's contents.
type CertificateId = ([u8; 20], [u8; 20], Vec<u8>);

fn id(certificate: &Certificate, issuer: &Certificate) -> Result<CertificateId, X509Error> {
    let (_, above) = X509Certificate::from_der(&issuer.der).map_err(|_| X509Error::Malformed("the certificate"))?;
    let key = sha1_of_an_identifier(&above.public_key().subject_public_key.data);
    let (_, own) = X509Certificate::from_der(&certificate.der).map_err(|_| X509Error::Malformed("the certificate"))?;
    Ok((sha1_of_an_identifier(&issuer.subject_der), key, own.raw_serial().to_vec()))
}

/// BasicOCSPResponse.
struct Basic<'a> {
    data: Element<'a>,
    algorithm: Element<'a>,
    signature: Element<'a>,
    certificates: Vec<Element<'a>>,
}

fn basic(der: &[u8]) -> Option<Basic<'_>> {
    let outer = Element::only(der, SEQUENCE)?.children()?;
    let [status, bytes] = outer.as_slice() else { return None };
    if status.tag != ENUMERATED || status.contents != [0] || bytes.tag != FIRST {
        return None;
    }
    let bytes = Element::only(bytes.contents, SEQUENCE)?.children()?;
    let [kind, octets] = bytes.as_slice() else { return None };
    if kind.whole != BASIC || octets.tag != OCTETS {
        return None;
    }
    let parts = Element::only(octets.contents, SEQUENCE)?.children()?;
    let (data, algorithm, signature, further) = match parts.as_slice() {
        [data, algorithm, signature] => (data, algorithm, signature, None),
        [data, algorithm, signature, further] => (data, algorithm, signature, Some(further)),
        _ => return None,
    };
    let certificates = match further {
        Some(further) if further.tag == FIRST => Element::only(further.contents, SEQUENCE)?.children()?,
        Some(_) => return None,
        None => Vec::new(),
    };
    let is_one = data.tag == SEQUENCE && algorithm.tag == SEQUENCE && signature.tag == BIT_STRING;
    is_one.then_some(Basic { data: *data, algorithm: *algorithm, signature: *signature, certificates })
}

/// Most certificates of responders that are looked at in an answer.
const MOST_RESPONDERS: usize = 4;

/// Whether the issuer signed the answer, or a responder to whom the issuer gave the right (RFC 6960, section 4.2.2.2).
fn is_signed(basic: &Basic<'_>, issuer: &Certificate, now: Timestamp) -> Result<(), X509Error> {
    if is_by(basic, issuer).is_ok() {
        return Ok(());
    }
    for sent in basic.certificates.iter().take(MOST_RESPONDERS) {
        let Ok(responder) = Certificate::from_der(sent.whole) else { continue };
        let may = responder.allows(&ExtendedUsage::Other(SIGNS_ANSWERS.to_owned()))
            && responder.issuer_der == issuer.subject_der
            && responder.is_valid_at(now)
            && responder.is_signed_soundly()
            && responder.is_signed_by(issuer).is_ok();
        if may && is_by(basic, &responder).is_ok() {
            return Ok(());
        }
    }
    Err(X509Error::BadSignature("the responder's answer"))
}

fn is_by(basic: &Basic<'_>, signer: &Certificate) -> Result<(), X509Error> {
    let (_, algorithm) = AlgorithmIdentifier::from_der(basic.algorithm.whole).map_err(|_| MALFORMED)?;
    if !is_sound(&algorithm.algorithm.to_id_string()) {
        return Err(X509Error::Unsupported("the responder's signature"));
    }
    let (_, signature) = BitString::from_der(basic.signature.whole).map_err(|_| MALFORMED)?;
    let (_, certificate) = X509Certificate::from_der(&signer.der).map_err(|_| MALFORMED)?;
    x509_parser::verify::verify_signature(certificate.public_key(), &algorithm, &signature, basic.data.whole)
        .map_err(|_| X509Error::BadSignature("the responder's answer"))
}

/// SingleResponse.
struct Single<'a> {
    name: &'a [u8],
    key: &'a [u8],
    serial: &'a [u8],
    status: Element<'a>,
    this_update: Element<'a>,
    next_update: Option<Element<'a>>,
}

/// What the answer says of certificates that are named by SHA-1.
fn singles<'a>(basic: &Basic<'a>) -> Option<Vec<Single<'a>>> {
    let parts = basic.data.children()?;
    let list = parts.iter().find(|part| part.tag == SEQUENCE)?;
    list.children()?
        .iter()
        .map(single)
        .collect::<Option<Vec<Option<_>>>>()
        .map(|all| all.into_iter().flatten().collect())
}

/// None outside: no such thing; none inside: named in another way.
fn single<'a>(single: &Element<'a>) -> Option<Option<Single<'a>>> {
    let parts = single.children()?;
    let [id, status, this_update, further @ ..] = parts.as_slice() else { return None };
    let id = id.children()?;
    let [algorithm, name, key, serial] = id.as_slice() else { return None };
    // Some leave out the parameters, which are NULL.
    if algorithm.contents.get(..7) != SHA1.get(2..9) {
        return Some(None);
    }
    let next_update = match further.iter().find(|part| part.tag == FIRST) {
        Some(part) => Some(Element::only(part.contents, TIME)?),
        None => None,
    };
    Some(Some(Single {
        name: name.contents,
        key: key.contents,
        serial: serial.contents,
        status: *status,
        this_update: *this_update,
        next_update,
    }))
}

/// Since when; none inside: a key in other hands, so nobody can say.
fn revoked_since(contents: &[u8]) -> Option<Option<Timestamp>> {
    const STOLEN: [&[u8]; 3] = [&[1], &[2], &[10]];
    let parts = children(contents)?;
    let since = time(*parts.first()?)?;
    let reason = parts.get(1).and_then(|part| Element::only(part.contents, ENUMERATED));
    let is_stolen = reason.is_some_and(|reason| STOLEN.contains(&reason.contents));
    Some(if is_stolen { None } else { Some(since) })
}

/// A GeneralizedTime in whole seconds and UTC, as the profile has it (RFC 5280, section 4.1.2.5.2).
fn time(element: Element<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(element.contents).ok().filter(|_| element.tag == TIME)?;
    let digits = text
        .strip_suffix('Z')
        .filter(|digits| digits.len() == 14 && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let [day, clock] =
        [[part(0, 4), part(4, 6), part(6, 8)].join("-"), [part(8, 10), part(10, 12), part(12, 14)].join(":")];
    Timestamp::try_from(format!("{day}T{clock}Z")).ok()
}

/// A DER element: its tag, what is in it, and all of it.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    contents: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The one element that the bytes are.
    fn only(bytes: &'a [u8], tag: u8) -> Option<Self> {
        let (element, rest) = Self::first(bytes)?;
        (rest.is_empty() && element.tag == tag).then_some(element)
    }

    fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&tag, rest) = bytes.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, contents) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (contents, after) = contents.split_at_checked(length)?;
        let whole = bytes.get(..bytes.len() - after.len())?;
        Some((Self { tag, contents, whole }, after))
    }

    fn children(&self) -> Option<Vec<Self>> {
        children(self.contents)
    }
}

fn children(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (element, rest) = Element::first(bytes)?;
        found.push(element);
        bytes = rest;
    }
    Some(found)
}

/// An element of at most 65535 bytes.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(contents.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = match contents.len() {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head.as_slice(), contents].concat()
}

#[cfg(test)]
#[path = "ocsp_tests.rs"]
mod tests;
