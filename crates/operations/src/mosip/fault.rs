//! Why a call of the dialect did not succeed, where the dialect has a code of its own for it. The door's table turns each into that
//! code; our other doors never see one.

use super::{LicenseFault, PartnerFault};

/// A refusal of the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A member breaks a rule.
    Malformed { field: &'static str, rule: &'static str },
    /// The application has no active policy; or the caller may not encrypt for it, which looks the same.
    NoPolicy,
    /// Two aliases are current.
    MoreThanOneCurrent,
    /// Keys of this reference id are not made by this call.
    ReferenceNotSupported,
    /// No root is current, so nothing can be issued.
    NoRoot,
    /// The master key was never made.
    NotGenerated,
    /// The certificate cannot be read.
    CertificateMalformed,
    /// The certificate is for another key.
    CertificateOfAnotherKey,
    /// The certificate is for a key of ours, or is there already.
    CertificateNotWanted(Unwanted),
    /// No base key is made under this name; the text says why.
    BaseKeyForbidden(&'static str),
    /// The data is for a certificate of somebody else's.
    ForeignKey,
    /// Keys of this name do not sign.
    SigningNotAllowed,
    /// Keys of this name are not revoked.
    RevocationNotAllowed,
    /// No requests are made for keys of this name.
    RequestNotAllowed,
    /// Two keys have the thumbprint.
    ThumbprintTwice,
    /// The thumbprint is of another application's key.
    ThumbprintOfAnother,
    /// No key has the thumbprint.
    ThumbprintUnknown,
    /// No signing keys on curves under this name.
    CurveNotSupported,
    /// Master keys do not encrypt.
    MasterEncrypts,
    /// The caller may not decrypt for the application, or there is none.
    DecryptDenied,
    /// The caller may not sign for the application, or there is none.
    SignDenied,
    /// The ciphertext is not laid out as one.
    NotCiphertext,
    /// There is nothing to encrypt.
    Empty,
    /// Key, ciphertext, tag or padding do not fit together; which is not said.
    NotOpened,
    /// What is to be signed is not JSON.
    NotJson,
    /// What is to be signed would become a certificate or the like.
    NotSignable,
    /// The token could not sign so.
    NotSigned,
    /// The signing certificate is outside its time.
    CertificateOutOfTime,
    /// The signature to be verified is not laid out as one.
    NotJws,
    /// The signature cannot be verified at all: three parts or the algorithm are missing.
    NotVerifiable,
    /// The certificate for the verification is outside its time.
    VerifyingCertificateOutOfTime,
    /// No chain leads from the certificate to the root.
    NoChain,
    /// A member is not base64.
    NotBase64,
    /// The message could not be sealed.
    NotSealed,
    /// The certificate of whom a message is for is outside its time.
    RecipientOutOfTime,
    /// The old signature is of none of the installation's keys.
    NotValid,
    /// What is to be verified is no COSE_Sign1.
    NotCose,
    /// What is to be verified is no CBOR Web Token.
    NotCwt,
    /// Claims cannot be made of it.
    PayloadMalformed,
    /// The token begins later.
    TokenNotYetValid,
    /// The token's time is over.
    TokenExpired,
    /// The token does not have a claim that the caller names.
    ClaimMissing(&'static str),
    /// The token says something else than the caller expects.
    ClaimDiffers(&'static str),
    /// The PDF cannot be read, or cannot be signed so.
    NotPdf(&'static str),
    /// A partner's or an authority's certificate is not taken, or not found.
    Partner(PartnerFault),
    /// A token id of no person or no partner.
    TokenIdOfNobody,
    /// Configuration has no salts for token ids.
    NoTokenIds,
    /// No random key, no key under which they are wrapped, or no recipient.
    ZkNoKeys,
    /// There is no such random key, or it cannot be wrapped or unwrapped.
    ZkRandomKey,
    /// There are no values.
    ZkNothing,
    /// A value does not open.
    ZkNotOpened,
    /// A value is not laid out as one.
    NotZkValue,
    /// It is no encrypted random key, or one for nobody here.
    ZkNotRandomKey,
    /// A client's key is none that is used, or a message of a client's does not open; which is not said.
    ClientCrypto,
    /// A license key is not made, or not accepted.
    License(LicenseFault),
    /// A key has to be made first: never leaves the door.
    Due(super::KeyName),
}

/// Why another's certificate is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwanted {
    /// The name is that of the installation's own signing key.
    KernelSign,
    /// The name is that of a signing key on a curve.
    Curve,
    /// The name has had keys of ours.
    HadOwnKey,
    /// The current key is ours.
    OwnKey,
    /// It is the current one already.
    Same,
    /// The key issues certificates, and this one is no authority's.
    NoAuthority,
}

impl Fault {
    /// The reason in the event.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "invalid-request",
            Self::NoPolicy => "mosip-no-policy",
            Self::MoreThanOneCurrent => "mosip-more-than-one-current",
            Self::ReferenceNotSupported => "mosip-reference-not-supported",
            Self::NoRoot => "mosip-no-root",
            Self::NotGenerated => "mosip-not-generated",
            Self::CertificateMalformed => "mosip-certificate-malformed",
            Self::CertificateOfAnotherKey => "mosip-certificate-of-another-key",
            Self::CertificateNotWanted(_) => "mosip-certificate-not-wanted",
            Self::BaseKeyForbidden(_) => "mosip-base-key-forbidden",
            Self::ForeignKey => "mosip-foreign-key",
            Self::SigningNotAllowed => "mosip-signing-not-allowed",
            Self::RevocationNotAllowed => "mosip-revocation-not-allowed",
            Self::RequestNotAllowed => "mosip-request-not-allowed",
            Self::ThumbprintTwice => "mosip-thumbprint-twice",
            Self::ThumbprintOfAnother => "mosip-thumbprint-of-another",
            Self::ThumbprintUnknown => "mosip-thumbprint-unknown",
            Self::CurveNotSupported => "mosip-curve-not-supported",
            Self::MasterEncrypts => "mosip-master-encrypts",
            Self::DecryptDenied => "mosip-decrypt-denied",
            Self::SignDenied => "mosip-sign-denied",
            Self::NotCiphertext => "mosip-not-ciphertext",
            Self::Empty => "mosip-empty",
            Self::NotOpened => "not-opened",
            Self::NotJson => "mosip-not-json",
            Self::NotSignable => "mosip-not-signable",
            Self::NotSigned => "mosip-not-signed",
            Self::CertificateOutOfTime | Self::VerifyingCertificateOutOfTime => "mosip-certificate-out-of-time",
            Self::NotJws => "mosip-not-jws",
            Self::NotVerifiable => "mosip-not-verifiable",
            Self::NoChain => "mosip-no-chain",
            Self::NotBase64 => "invalid-request",
            Self::NotSealed => "mosip-not-sealed",
            Self::RecipientOutOfTime => "mosip-certificate-out-of-time",
            Self::NotValid => "mosip-not-valid",
            Self::NotCose => "mosip-not-cose",
            Self::NotCwt => "mosip-not-cwt",
            Self::PayloadMalformed => "mosip-payload-malformed",
            Self::TokenNotYetValid | Self::TokenExpired => "mosip-token-out-of-time",
            Self::ClaimMissing(_) | Self::ClaimDiffers(_) => "mosip-claim-differs",
            Self::NotPdf(_) => "mosip-not-pdf",
            Self::Partner(fault) => fault.code(),
            Self::TokenIdOfNobody => "mosip-token-id-of-nobody",
            Self::NoTokenIds => "mosip-no-token-ids",
            Self::ZkNoKeys => "mosip-zk-no-keys",
            Self::ZkRandomKey => "mosip-zk-random-key",
            Self::ZkNothing => "mosip-zk-nothing",
            Self::ZkNotOpened => "not-opened",
            Self::NotZkValue => "mosip-not-zk-value",
            Self::ZkNotRandomKey => "mosip-zk-not-random-key",
            Self::ClientCrypto => "mosip-client-crypto",
            Self::License(fault) => fault.code(),
            Self::Due(_) => "mosip-key-due",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl From<PartnerFault> for crate::OperationError {
    fn from(fault: PartnerFault) -> Self {
        Self::Mosip(Fault::Partner(fault))
    }
}
