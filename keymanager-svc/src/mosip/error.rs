//! One table from (endpoint, error) to what the dialect answers: code, text, HTTP status. Its clients match on codes and texts, so
//! both stand here as they are in the reference, section 1.11.

use km_operations::{
    OperationError,
    mosip::{Fault, LicenseFault, PartnerFault, Unwanted},
};

use super::endpoint::Endpoint;

/// What a caller is told instead of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    /// Code and message of each.
    pub errors: Vec<(&'static str, String)>,
    /// Seconds after which to try again.
    pub retry_after: Option<u32>,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, errors: vec![(code, message.into())], retry_after: None }
    }

    /// Members that break rules: one error each.
    pub fn invalid(messages: Vec<String>) -> Self {
        let errors = messages.into_iter().map(|message| ("KER-KMS-005", message)).collect();
        Self { status: 200, errors, retry_after: None }
    }

    /// A member that is not base64. The blank at the front is the dialect's.
    pub fn not_base64() -> Self {
        Self::new(200, "KER-CRY-003", " input data is not base64 encoded")
    }

    /// No token, or one that is not accepted.
    pub fn unauthenticated() -> Self {
        Self::new(401, "KER-ATH-401", "Authentication Failed")
    }

    /// None of the caller's roles is on the endpoint's list.
    pub fn forbidden() -> Self {
        Self::new(403, "KER-ATH-403", "Forbidden")
    }

    /// A path or method that the dialect does not have.
    pub fn no_endpoint() -> Self {
        Self::new(404, "KER-KMS-500", "There is no such endpoint.")
    }

    /// A body beyond the limit.
    pub fn too_large(most: usize) -> Self {
        Self::new(413, "KER-KMS-005", format!("the body must be at most {most} bytes"))
    }

    /// A body that did not come in time, or broke off.
    pub fn not_received() -> Self {
        Self::new(408, "KER-KMS-005", "the body did not arrive whole and in time")
    }

    /// A word for what an order shall be answered with that is none. MOSIP makes the key and fails then.
    pub fn no_such_object() -> Self {
        Self::new(200, "KER-KMS-005", "Invalid request Allowed values are CSR/CERTIFICATE.")
    }

    /// A form in which no signature is written.
    pub fn no_such_encoding() -> Self {
        Self::new(200, "KER-KMS-036", "Unsupported output format for the signature")
    }

    /// A CBOR Web Token that would say nothing.
    pub fn nothing_to_claim() -> Self {
        Self::new(200, "KER-JWS-102", "Data to sign is not valid.")
    }

    /// What claims are to be made of is no JSON object, or not hexadecimal.
    pub fn payload_malformed() -> Self {
        Self::new(200, "KER-SIG-114", "Input data parsing error.")
    }

    /// A number of days below zero.
    pub fn negative(name: &str) -> Self {
        Self::new(200, "KER-SIG-117", format!("Negative values are not allowed for {name}."))
    }

    /// No room for the request now.
    pub fn busy() -> Self {
        Self {
            retry_after: Some(RETRY_AFTER),
            ..Self::new(503, "KER-KMS-500", "The service is busy; send the request again.")
        }
    }

    /// A fault of ours.
    pub fn internal() -> Self {
        Self::new(500, "KER-KMS-500", "Internal server error")
    }

    /// What an operation's error is answered with at an endpoint.
    pub fn of(endpoint: Endpoint, error: &OperationError) -> Self {
        match error {
            OperationError::Mosip(fault) => of_fault(endpoint, fault),
            OperationError::Invalid { field, rule } => Self::invalid(vec![format!("request.{field} {rule}")]),
            OperationError::Denied(_) => Self::forbidden(),
            OperationError::NotOpened => of_fault(endpoint, &Fault::NotOpened),
            // An officer took the key out of use, or took its release back.
            OperationError::Refused { .. } => Self::new(200, "KER-KMS-001", "Certificate is not valid"),
            OperationError::Unsupported(_) => {
                Self::new(200, "KER-KMA-010", "Algorithm is not supported for the provider through SunPKCS11.")
            }
            OperationError::NotFound(_) => Self::internal(),
            OperationError::Conflict(_)
            | OperationError::Budget { .. }
            | OperationError::Unavailable(_)
            | OperationError::Stale => Self::busy(),
        }
    }
}

const RETRY_AFTER: u32 = 1;

fn of_fault(endpoint: Endpoint, fault: &Fault) -> Refusal {
    let said = |code, message: &str| Refusal::new(200, code, message);
    match fault {
        Fault::Malformed { field, rule } => Refusal::invalid(vec![format!("request.{field} {rule}")]),
        Fault::NoPolicy => {
            said("KER-KMS-002", "ApplicationId not found in Key Policy. Key/CSR generation not allowed.")
        }
        Fault::MoreThanOneCurrent => said("KER-KMS-003", "No unique alias is found"),
        Fault::ReferenceNotSupported => said("KER-KMS-010", "Reference Id Not Supported for the Application ID."),
        Fault::NoRoot => said("KER-KMS-011", "Root Key not available to sign."),
        Fault::NotGenerated => said("KER-KMS-012", "Key Generation Process is not completed."),
        Fault::CertificateMalformed if endpoint.verifies() => {
            said("KER-JWS-107", "Signature verification certificate not valid.")
        }
        Fault::CertificateMalformed => said("KER-KMS-013", "Certificate Parsing Error."),
        Fault::CertificateOfAnotherKey => said("KER-KMS-014", "Certificate Key Not Matching with stored Key."),
        Fault::CertificateNotWanted(unwanted) => of_unwanted(*unwanted),
        Fault::BaseKeyForbidden(why) => {
            let text = "Not allowed to generate new key pair for other domains or not allowed to generate base key.";
            Refusal::new(200, "KER-KMS-016", format!("{text} ({why})"))
        }
        Fault::ForeignKey => said("KER-KMS-018", "Not Allowed to perform decryption with other domain key."),
        Fault::SigningNotAllowed => {
            said("KER-KMS-020", "Signing operation not allowed for the provided application id & reference id.")
        }
        Fault::RevocationNotAllowed => said("KER-KMS-021", "Key Revocation not allowed."),
        Fault::RequestNotAllowed => said("KER-KMS-022", "CSR Generation not allowed for the provided App Id & Ref Id."),
        Fault::ThumbprintTwice => said("KER-KMS-023", "More than one key alias found for the provided thumbprint."),
        Fault::ThumbprintOfAnother => {
            said("KER-KMS-024", "Application Id & Reference Id not matching with the input thumbprint.")
        }
        Fault::ThumbprintUnknown => {
            said("KER-KMS-025", "Key Not found for the thumbprint prepended in encrypted data.")
        }
        Fault::CurveNotSupported => said("KER-KMS-030", "EC Sign Reference Id Not Supported for the Application ID."),
        Fault::MasterEncrypts => said(
            "KER-CRY-011",
            "Not Allowed to preform encryption with Master Key. Use Base/Encrypt key to encrypt data.",
        ),
        Fault::DecryptDenied => said(
            "KER-CRY-012",
            "Not Allowed to preform decryption for the provided application id and with authentication token",
        ),
        Fault::SignDenied => said("KER-JWS-108", "Signing data not allowed for the authenticated token."),
        Fault::NotCiphertext => said("KER-CRY-003", "data sent to decrypt is without key splitter or invalid"),
        Fault::Empty if endpoint.signs() => said("KER-JWS-102", "Data to sign is not valid."),
        Fault::Empty => said("KER-FSE-006", "data is null or length is 0"),
        // One text for whatever did not fit: which, an attacker would like to know.
        Fault::NotOpened if endpoint == Endpoint::JwtDecrypt => {
            said("KER-CRY-015", "Internal Error while decrypting data using JWE.")
        }
        Fault::NotOpened => said("KER-FSE-004", "encrypted data is corrupted"),
        Fault::NotJson if endpoint == Endpoint::JwtEncrypt => {
            said("KER-CRY-013", "Input data to encrypt is not valid JSON.")
        }
        Fault::NotJson => said("KER-JWS-103", "Data to sign is not valid JSON."),
        Fault::NotSignable => said("KER-JWS-102", "Data to sign is not valid."),
        Fault::NotSigned if endpoint.is_in_cbor() => said("KER-CWS-109", "Error - Unable to sign the data."),
        Fault::NotSigned => said("KER-JWS-104", "Error - Unable to sign the data."),
        Fault::CertificateOutOfTime => {
            said("KER-KMA-005", "Error occured while processing exception: the certificate is not valid at this time")
        }
        Fault::NotJws => said("KER-JWS-106", "Signature data to verify not valid."),
        Fault::NotVerifiable if endpoint.is_in_cbor() => said("KER-CWS-110", "Error - Unable to verify the data."),
        Fault::NotVerifiable => said("KER-JWS-105", "Error - Unable to verify the data."),
        Fault::VerifyingCertificateOutOfTime => said("KER-JWS-107", "Signature verification certificate not valid."),
        Fault::NoChain => said("KER-KMS-011", "Root Key not available to sign."),
        Fault::NotBase64 => Refusal::not_base64(),
        Fault::NotSealed => said("KER-CRY-014", "Internal Error while encrypting data using JWE."),
        Fault::RecipientOutOfTime => said("KER-KMS-001", "Certificate is not valid"),
        Fault::NotValid => said("KER-CSS-101", "Validation Unsuccessful"),
        Fault::NotCose => said("KER-CWS-112", "Error - Invalid COSE Sign1."),
        Fault::NotCwt => said("KER-CWS-111", "Error - Invalid CWT Signed input."),
        Fault::PayloadMalformed => Refusal::payload_malformed(),
        Fault::TokenNotYetValid => said("KER-SIG-115", "Token is not yet valid; Not Before date is in the future."),
        Fault::TokenExpired => said("KER-SIG-116", "Token is no longer valid; Expiry date exceeded."),
        Fault::ClaimMissing(claim) => {
            Refusal::new(200, "KER-SIG-118", format!("{claim} Claim not found in the CWT Token."))
        }
        Fault::ClaimDiffers(claim) => {
            Refusal::new(200, "KER-SIG-119", format!("Provided {claim} Claim value not matched with CWT."))
        }
        Fault::NotPdf(rule) => Refusal::invalid(vec![format!("request.{rule}")]),
        Fault::TokenIdOfNobody => said("KER-TIG-010", "UIN and partner code cannot be empty"),
        Fault::NoTokenIds => Refusal::no_endpoint(),
        Fault::Partner(fault) => of_partner(*fault),
        Fault::ZkNoKeys => said("KER-ZKC-002", "No unique alias is found."),
        Fault::ZkRandomKey => said("KER-ZKC-001", "Failed to Encrypt/Decrypt Random Key."),
        Fault::ZkNothing => said("KER-ZKC-003", "Data attributes Empty."),
        Fault::ZkNotOpened => said("KER-ZKC-004", "Data Encryption/Decryption Error."),
        Fault::ZkNotRandomKey => said("KER-ZKC-006", "Invalid encrypted random Key."),
        Fault::NotZkValue => said("ZK-DEC-001", "Invalid encrypted data format."),
        Fault::ClientCrypto => said("KER-CC-004", "Failed crypto operation"),
        Fault::License(fault) => of_license(*fault),
        // The door makes the key and asks again; who still sees this was overtaken several times.
        Fault::Due(_) => Refusal::busy(),
    }
}

/// As MOSIP Keymanager 1.2.1 answers, which OpenG2P runs: one code for all but a reference that only 1.3 knows.
fn of_unwanted(unwanted: Unwanted) -> Refusal {
    match unwanted {
        Unwanted::Curve => {
            Refusal::new(200, "KER-KMS-030", "EC Sign Reference Id Not Supported for the Application ID.")
        }
        Unwanted::NoAuthority => Refusal::new(
            200,
            "KER-KMS-013",
            "Certificate Parsing Error. (the key issues certificates, and this one is not an authority's)",
        ),
        Unwanted::KernelSign | Unwanted::HadOwnKey | Unwanted::OwnKey | Unwanted::Same => Refusal::new(
            200,
            "KER-KMS-015",
            "Upload of certificate will not be allowed to update other domain certificate.(Refer Logs for error reason)",
        ),
    }
}

fn of_license(fault: LicenseFault) -> Refusal {
    let (code, message) = match fault {
        LicenseFault::NoProvider => ("KER-LKM-001", "TSP entered is null or empty."),
        LicenseFault::Unknown => ("KER-LKM-003", "Permission value entered is not accepted."),
        LicenseFault::NotFound => ("KER-LKM-004", "LicenseKey Not Found."),
        LicenseFault::Expired => ("KER-LKM-005", "LicenseKey Expired."),
        LicenseFault::NoKey => ("KER-LKM-006", "License Key entered is null or empty."),
        LicenseFault::Empty => ("KER-LKM-007", "Permission entered is an empty string."),
        LicenseFault::Past => ("KER-LKM-008", "Expiry DateTime should be ahead of current DateTime."),
        LicenseFault::NothingPermitted => {
            ("KER-LKM-009", "No Permissions has been mapped to the entered TSP-LicenseKey Pair.")
        }
    };
    Refusal::new(200, code, message)
}

fn of_partner(fault: PartnerFault) -> Refusal {
    let said = |code, message: &str| Refusal::new(200, code, message);
    match fault {
        PartnerFault::Invalid("") => said("KER-PCM-001", "Invalid Certificate uploaded."),
        PartnerFault::Invalid(why) => said("KER-PCM-001", &format!("Invalid Certificate uploaded. ({why})")),
        PartnerFault::AlreadyThere => said("KER-PCM-003", "Certificate already exists in store."),
        PartnerFault::OutOfTime => said("KER-PCM-004", "Certificate Dates are not valid."),
        PartnerFault::NoRoot => said("KER-PCM-005", "Root CA Certificate not found."),
        PartnerFault::NoAuthority => said("KER-PCM-006", "Root CA/Intermediate CA Certificates not found."),
        PartnerFault::Version => said("KER-PCM-007", "Certificate version not supported."),
        PartnerFault::Organization => said("KER-PCM-008", "Partner Organization Name not Matched."),
        PartnerFault::InvalidId => said("KER-PCM-010", "Invalid Partner Certificate ID."),
        PartnerFault::Domain => said("KER-PCM-011", "Invalid Partner Domain."),
        PartnerFault::UnknownPartner => said("KER-PCM-012", "Partner Certificate not found for the given ID."),
        PartnerFault::KeySize => said("KER-PCM-013", "Partner Certificate Key Size is less than allowed size."),
        PartnerFault::Algorithm => said("KER-PCM-014", "Partner Certificate Signature algorithm not supported."),
        PartnerFault::SelfSigned => said("KER-PCM-015", "Self Signed Certificate not allowed as partner."),
        PartnerFault::SignDenied => said("KER-PCM-016", "Sign Certificate not allowed for the authenticated token."),
        PartnerFault::AuthorityTooShort => {
            said("KER-PCM-017", "The CA Certificate validity is less than required minimum validity.")
        }
        PartnerFault::Type => said("KER-PCM-018", "Invalid Certificate Type"),
        PartnerFault::UnknownAuthority => said("KER-PMS-019", "CA Certificate not found for the given ID."),
        PartnerFault::Future => said("KER-PMS-020", "Future Dated Certificate not allowed to upload."),
        PartnerFault::Bundle => said("KER-KMS-021", "Failed to create p7b file format."),
        PartnerFault::PartnerTooShort => {
            said("KER-KMS-021", "The PARTNER Certificate validity is less than required minimum validity")
        }
    }
}
