//! Why a call of the dialect did not succeed, where the dialect has a code of its own for it. The door's table turns each into that
//! code; our other doors never see one.

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
            Self::Due(_) => "mosip-key-due",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
