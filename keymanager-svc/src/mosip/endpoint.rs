//! The endpoints: the suffix of each one's role property and the roles that it has unless configuration says otherwise (reference,
//! section 1.5). `KEYMANAGER_ADMIN`, which OpenG2P adds to every list, is on every list here.

/// An endpoint of the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    GenerateMasterKey,
    GetCertificate,
    GetAllCertificates,
    GetCertificateChain,
    GenerateCsr,
    UploadCertificate,
    UploadOtherDomainCertificate,
    GenerateSymmetricKey,
    RevokeKey,
    GenerateEcSignKey,
    Encrypt,
    Decrypt,
    JwtSign,
    JwtVerify,
}

/// The role that OpenG2P's clients hold.
const ADMIN: &str = "KEYMANAGER_ADMIN";

/// The list that most endpoints have.
const MOST: &[&str] = &[
    "ZONAL_ADMIN",
    "GLOBAL_ADMIN",
    "INDIVIDUAL",
    "ID_AUTHENTICATION",
    "TEST",
    "REGISTRATION_ADMIN",
    "REGISTRATION_SUPERVISOR",
    "REGISTRATION_OFFICER",
    "REGISTRATION_PROCESSOR",
    "PRE_REGISTRATION_ADMIN",
    "RESIDENT",
    ADMIN,
];

impl Endpoint {
    pub const ALL: [Self; 14] = [
        Self::GenerateMasterKey,
        Self::GetCertificate,
        Self::GetAllCertificates,
        Self::GetCertificateChain,
        Self::GenerateCsr,
        Self::UploadCertificate,
        Self::UploadOtherDomainCertificate,
        Self::GenerateSymmetricKey,
        Self::RevokeKey,
        Self::GenerateEcSignKey,
        Self::Encrypt,
        Self::Decrypt,
        Self::JwtSign,
        Self::JwtVerify,
    ];

    /// The end of the endpoint's role property in the dialect's configuration, `mosip.role.keymanager.SUFFIX`.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::GenerateMasterKey => "postgeneratemasterkeyobjecttype",
            // Three endpoints share one property.
            Self::GetCertificate | Self::GetAllCertificates | Self::GenerateEcSignKey => "getgetcertificate",
            Self::GetCertificateChain => "getcertificatechain",
            Self::GenerateCsr => "postgeneratecsr",
            Self::UploadCertificate => "postuploadcertificate",
            Self::UploadOtherDomainCertificate => "postuploadotherdomaincertificate",
            Self::GenerateSymmetricKey => "postgeneratesymmetrickey",
            Self::RevokeKey => "putrevokekey",
            Self::Encrypt => "postencrypt",
            Self::Decrypt => "postdecrypt",
            Self::JwtSign => "postjwtsign",
            Self::JwtVerify => "postjwtverify",
        }
    }

    /// The roles of which a caller needs one.
    pub const fn default_roles(self) -> &'static [&'static str] {
        match self {
            Self::GenerateMasterKey
            | Self::GetCertificate
            | Self::GetAllCertificates
            | Self::GetCertificateChain
            | Self::GenerateCsr
            | Self::UploadCertificate
            | Self::UploadOtherDomainCertificate
            | Self::GenerateSymmetricKey
            | Self::RevokeKey
            | Self::GenerateEcSignKey
            | Self::Encrypt
            | Self::Decrypt
            | Self::JwtSign
            | Self::JwtVerify => MOST,
        }
    }
}
