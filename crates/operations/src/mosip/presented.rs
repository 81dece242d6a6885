//! What a caller presents to be verified, taken apart: what it says of its key, and whether a key made it.

use km_crypto::jose::{JoseAlgorithm, VerifyingKey};
use km_domain::Timestamp;
use km_envelope::mosip::{cose, jws};
use km_formats::mosip::{
    cose::ParsedSign1,
    cwt::{self, ParsedClaims},
    jws::{ParsedHeader, Payload, SplitJws},
};
use km_x509::Certificate;

use super::Fault;

/// A signature in one of the dialect's forms.
pub enum Presented {
    Jws {
        /// Compact.
        token: String,
        /// Stands in for the middle part, whether there is one or not: base64url as it was signed.
        actual: Option<String>,
    },
    /// A COSE_Sign1 with its tag.
    Cose(Vec<u8>),
    /// A CBOR Web Token with its tags.
    Cwt {
        token: Vec<u8>,
        /// Whom it must name, where the caller says so.
        issuer: Option<String>,
        subject: Option<String>,
    },
}

/// A signature taken apart. Nothing of it may be believed before it is verified.
pub(super) struct Signature<'a> {
    pub said: Said,
    form: Form<'a>,
}

/// What a signature says of the key that made it.
pub(super) struct Said {
    pub kid: Option<String>,
    /// What should be DER, the signer's own first.
    pub certificates: Vec<Vec<u8>>,
}

enum Form<'a> {
    Jws(SplitJws<'a>, ParsedHeader, Option<&'a str>),
    Cose(ParsedSign1),
}

impl<'a> Signature<'a> {
    /// Errors: not laid out as one; of an algorithm that nobody verifies here.
    pub fn parse(presented: &'a Presented) -> Result<Self, Fault> {
        match presented {
            Presented::Jws { token, actual } => Self::jws(token, actual.as_deref()),
            Presented::Cose(message) => Self::cose(ParsedSign1::parse(message).map_err(|_| Fault::NotCose)?),
            Presented::Cwt { token, .. } => Self::cose(cwt::unwrap(token).map_err(|_| Fault::NotCwt)?),
        }
    }

    fn jws(text: &'a str, actual: Option<&'a str>) -> Result<Self, Fault> {
        let (protected, _) = text.split_once('.').ok_or(Fault::NotVerifiable)?;
        let mut header = ParsedHeader::parse(protected).map_err(|_| Fault::NotJws)?;
        let token = SplitJws::parse(text).map_err(|_| Fault::NotVerifiable)?;
        JoseAlgorithm::from_name(&header.algorithm).ok_or(Fault::NotVerifiable)?;
        let said = Said { kid: header.kid.clone(), certificates: std::mem::take(&mut header.certificates) };
        Ok(Self { said, form: Form::Jws(token, header, actual) })
    }

    fn cose(mut message: ParsedSign1) -> Result<Self, Fault> {
        message.algorithm.ok_or(Fault::NotVerifiable)?;
        let kid = message.kid.clone().and_then(|kid| String::from_utf8(kid).ok());
        let said = Said { kid, certificates: std::mem::take(&mut message.certificates) };
        Ok(Self { said, form: Form::Cose(message) })
    }

    /// Whether the key of this certificate made it. An algorithm that is not the key's is another's signature.
    pub fn is_by(&self, certificate: &Certificate) -> bool {
        match &self.form {
            Form::Jws(token, header, actual) => is_jws_by(certificate, token, header, actual.map(Payload::Text)),
            Form::Cose(message) => {
                cose::verify1(message, &VerifyingKey::Own(certificate.public_key.clone())).unwrap_or(false)
            }
        }
    }
}

/// Whether the key of this certificate made a JWS.
pub(super) fn is_jws_by(
    certificate: &Certificate,
    token: &SplitJws<'_>,
    header: &ParsedHeader,
    actual: Option<Payload<'_>>,
) -> bool {
    jws::verify(token, header, actual, &VerifyingKey::Own(certificate.public_key.clone())).unwrap_or(false)
}

impl Presented {
    /// Whether what it says holds at this moment: a CBOR Web Token's times, issuer and subject. One that is not valid says nothing.
    pub(super) fn holds(&self, is_valid: bool, at: Timestamp) -> Result<(), Fault> {
        let Self::Cwt { token, issuer, subject } = self else { return Ok(()) };
        if !is_valid {
            return Ok(());
        }
        let message = cwt::unwrap(token).map_err(|_| Fault::NotCwt)?;
        let claims = ParsedClaims::parse(&message.payload).map_err(|_| Fault::NotCwt)?;
        if claims.not_before.is_some_and(|begins| at.seconds() < begins) {
            return Err(Fault::TokenNotYetValid);
        }
        if claims.expires.is_some_and(|ends| at.seconds() >= ends) {
            return Err(Fault::TokenExpired);
        }
        names("iss", issuer.as_deref(), claims.issuer.as_deref())?;
        names("sub", subject.as_deref(), claims.subject.as_deref())
    }
}

/// Whether a claim says what the caller expects, where the caller expects something.
fn names(claim: &'static str, expected: Option<&str>, said: Option<&str>) -> Result<(), Fault> {
    match (expected, said) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(Fault::ClaimMissing(claim)),
        (Some(expected), Some(said)) if expected == said => Ok(()),
        (Some(_), Some(_)) => Err(Fault::ClaimDiffers(claim)),
    }
}
