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
    EncryptWithPin,
    DecryptWithPin,
    JwtEncrypt,
    JwtDecrypt,
    GenerateArgon2Hash,
    Sign,
    Validate,
    PdfSign,
    JwtSign,
    JwtVerify,
    JwsSign,
    SignV2,
    SignRawData,
    JwtSignV2,
    JwsSignV2,
    JwtVerifyV2,
    CoseSign1,
    CoseVerify1,
    CwtSign,
    CwtVerify,
    UploadCaCertificate,
    UploadPartnerCertificate,
    GetPartnerCertificate,
    GetPartnerSignedCertificate,
    VerifyCertificateTrust,
    GetCaCertificates,
    GetCaCertificateTrustPath,
    TokenId,
    ZkEncrypt,
    ZkDecrypt,
    ZkReEncryptRandomKey,
    GetZkTempCertificate,
    MigrateZkKeys,
    CsSign,
    CsVerifySign,
    TpmEncrypt,
    TpmDecrypt,
    TpmSigningPublicKey,
    TpmEncryptionPublicKey,
    MigrateBaseKey,
    LicenseGenerate,
    LicensePermit,
    LicensePermissions,
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
    pub const ALL: &[Self] = &[
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
        Self::EncryptWithPin,
        Self::DecryptWithPin,
        Self::JwtEncrypt,
        Self::JwtDecrypt,
        Self::GenerateArgon2Hash,
        Self::Sign,
        Self::Validate,
        Self::PdfSign,
        Self::JwtSign,
        Self::JwtVerify,
        Self::JwsSign,
        Self::SignV2,
        Self::SignRawData,
        Self::JwtSignV2,
        Self::JwsSignV2,
        Self::JwtVerifyV2,
        Self::CoseSign1,
        Self::CoseVerify1,
        Self::CwtSign,
        Self::CwtVerify,
        Self::UploadCaCertificate,
        Self::UploadPartnerCertificate,
        Self::GetPartnerCertificate,
        Self::GetPartnerSignedCertificate,
        Self::VerifyCertificateTrust,
        Self::GetCaCertificates,
        Self::GetCaCertificateTrustPath,
        Self::TokenId,
        Self::ZkEncrypt,
        Self::ZkDecrypt,
        Self::ZkReEncryptRandomKey,
        Self::GetZkTempCertificate,
        Self::MigrateZkKeys,
        Self::CsSign,
        Self::CsVerifySign,
        Self::TpmEncrypt,
        Self::TpmDecrypt,
        Self::TpmSigningPublicKey,
        Self::TpmEncryptionPublicKey,
        Self::MigrateBaseKey,
        Self::LicenseGenerate,
        Self::LicensePermit,
        Self::LicensePermissions,
    ];

    /// Whether a request may hold a whole document; keys and certificates are small.
    pub const fn takes_documents(self) -> bool {
        match self {
            Self::Encrypt | Self::Decrypt | Self::EncryptWithPin | Self::DecryptWithPin => true,
            Self::JwtEncrypt | Self::JwtDecrypt | Self::Sign | Self::Validate | Self::PdfSign => true,
            Self::JwtSign | Self::JwtVerify | Self::JwsSign | Self::SignV2 | Self::SignRawData => true,
            Self::JwtSignV2 | Self::JwsSignV2 | Self::JwtVerifyV2 => true,
            // A message of CBOR is at most 1 MiB long, and text of it a third more.
            Self::CoseSign1 | Self::CoseVerify1 | Self::CwtSign | Self::CwtVerify => true,
            Self::GenerateMasterKey | Self::GetCertificate | Self::GetAllCertificates | Self::GetCertificateChain => {
                false
            }
            Self::GenerateCsr | Self::UploadCertificate | Self::UploadOtherDomainCertificate => false,
            Self::GenerateSymmetricKey | Self::RevokeKey | Self::GenerateEcSignKey | Self::GenerateArgon2Hash => false,
            // Bundles of authorities and revocation lists.
            Self::UploadCaCertificate => true,
            Self::UploadPartnerCertificate | Self::GetPartnerCertificate | Self::GetPartnerSignedCertificate => false,
            Self::VerifyCertificateTrust | Self::GetCaCertificates | Self::GetCaCertificateTrustPath => false,
            Self::TokenId | Self::ZkReEncryptRandomKey | Self::GetZkTempCertificate | Self::MigrateZkKeys => false,
            Self::ZkEncrypt | Self::ZkDecrypt => true,
            Self::CsSign | Self::CsVerifySign | Self::TpmEncrypt | Self::TpmDecrypt => true,
            Self::TpmSigningPublicKey | Self::TpmEncryptionPublicKey | Self::MigrateBaseKey => false,
            Self::LicenseGenerate | Self::LicensePermit | Self::LicensePermissions => false,
        }
    }

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
            // The second forms share the first ones' properties.
            Self::JwtSign | Self::JwtSignV2 => "postjwtsign",
            Self::JwtVerify | Self::JwtVerifyV2 => "postjwtverify",
            Self::JwsSign | Self::JwsSignV2 => "postjwssign",
            Self::EncryptWithPin => "postencryptwithpin",
            Self::DecryptWithPin => "postdecryptwithpin",
            Self::JwtEncrypt => "postjwtencrypt",
            Self::JwtDecrypt => "postjwtdecrypt",
            Self::GenerateArgon2Hash => "postgenerateargon2hash",
            Self::Sign => "postsign",
            Self::Validate => "postvalidate",
            Self::PdfSign => "postpdfsign",
            Self::SignV2 => "postsignv2",
            Self::SignRawData => "postsignrawdata",
            Self::CoseSign1 => "postcosesign1",
            Self::CoseVerify1 => "postcoseverify1",
            Self::CwtSign => "postcwtsign",
            Self::CwtVerify => "postcwtverify",
            Self::UploadCaCertificate => "postuploadcacertificate",
            Self::UploadPartnerCertificate => "postuploadpartnercertificate",
            Self::GetPartnerCertificate => "getgetpartnercertificatepartnercertid",
            Self::GetPartnerSignedCertificate => "getgetpartnersignedcertificatepartnercertid",
            Self::VerifyCertificateTrust => "postverifycertificatetrust",
            Self::GetCaCertificates => "postgetcacertificates",
            Self::GetCaCertificateTrustPath => "getcacertificatetrustpath",
            Self::TokenId => "getuinpartnercode",
            Self::ZkEncrypt => "postzkencrypt",
            Self::ZkDecrypt => "postzkdecrypt",
            Self::ZkReEncryptRandomKey => "postzkreencryptrandomkey",
            Self::GetZkTempCertificate => "getzktempcertificate",
            Self::MigrateZkKeys => "postmigratezkkeys",
            Self::CsSign => "postcssign",
            Self::CsVerifySign => "postcsverifysign",
            Self::TpmEncrypt => "posttpmencrypt",
            Self::TpmDecrypt => "posttpmdecrypt",
            Self::TpmSigningPublicKey => "posttpmsigningpublickey",
            Self::TpmEncryptionPublicKey => "posttpmencryptionpublickey",
            Self::MigrateBaseKey => "postmigratebasekey",
            Self::LicenseGenerate => "postlicensegenerate",
            // MOSIP has no list for these two, and serves everybody.
            Self::LicensePermit => "postlicensepermission",
            Self::LicensePermissions => "getlicensepermission",
        }
    }

    /// The roles of which a caller needs one.
    pub fn default_roles(self) -> impl Iterator<Item = &'static str> {
        let (most, more) = self.role_lists();
        most.iter().chain(more).copied()
    }

    const fn role_lists(self) -> (&'static [&'static str], &'static [&'static str]) {
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
            | Self::EncryptWithPin
            | Self::DecryptWithPin
            | Self::GenerateArgon2Hash
            | Self::Sign
            | Self::Validate
            | Self::JwtSign
            | Self::JwtSignV2
            | Self::JwtVerify
            | Self::JwtVerifyV2
            | Self::ZkEncrypt
            | Self::ZkDecrypt
            | Self::ZkReEncryptRandomKey
            | Self::CsSign
            | Self::CsVerifySign
            | Self::TpmEncrypt
            | Self::TpmDecrypt
            | Self::TpmSigningPublicKey
            | Self::TpmEncryptionPublicKey
            | Self::LicenseGenerate
            | Self::LicensePermit
            | Self::LicensePermissions => (MOST, &[]),
            // Without a list in MOSIP's configuration: nobody, until OpenG2P's role is added.
            Self::JwtEncrypt | Self::JwtDecrypt => (&[], &[ADMIN]),
            Self::PdfSign => (MOST, &["PRINT_PARTNER", "CREDENTIAL_REQUEST"]),
            Self::JwsSign
            | Self::JwsSignV2
            | Self::SignV2
            | Self::SignRawData
            | Self::CoseSign1
            | Self::CoseVerify1
            | Self::CwtSign
            | Self::CwtVerify => (MOST, &["CREDENTIAL_ISSUANCE"]),
            Self::UploadCaCertificate => (&[], &["ZONAL_ADMIN", "GLOBAL_ADMIN", "PMS_ADMIN", ADMIN]),
            Self::UploadPartnerCertificate | Self::GetPartnerCertificate | Self::VerifyCertificateTrust => {
                (&[], &["ZONAL_ADMIN", "GLOBAL_ADMIN", "PMS_ADMIN", "PMS_USER", ADMIN])
            }
            Self::GetPartnerSignedCertificate => (&[], &["PMS_ADMIN", "PMS_USER", "PARTNER_ADMIN", ADMIN]),
            Self::GetCaCertificates | Self::GetCaCertificateTrustPath => (&[], &["PARTNER_ADMIN", ADMIN]),
            Self::TokenId => (&[], &["ZONAL_ADMIN", "GLOBAL_ADMIN", "ID_AUTHENTICATION", "RESIDENT", ADMIN]),
            Self::GetZkTempCertificate | Self::MigrateZkKeys | Self::MigrateBaseKey => {
                (&[], &["KEY_MIGRATION_ADMIN", ADMIN])
            }
        }
    }

    /// Whether the call verifies a signature in one of the newer forms.
    pub const fn verifies(self) -> bool {
        matches!(self, Self::JwtVerify | Self::JwtVerifyV2 | Self::CoseVerify1 | Self::CwtVerify)
    }

    /// Whether the call signs.
    pub const fn signs(self) -> bool {
        matches!(
            self,
            Self::Sign
                | Self::CsSign
                | Self::JwtSign
                | Self::JwtSignV2
                | Self::JwsSign
                | Self::JwsSignV2
                | Self::SignV2
                | Self::SignRawData
                | Self::CoseSign1
                | Self::CwtSign
        )
    }

    /// Whether the call's signatures are in CBOR.
    pub const fn is_in_cbor(self) -> bool {
        matches!(self, Self::CoseSign1 | Self::CoseVerify1 | Self::CwtSign | Self::CwtVerify)
    }
}
