//! What only the MOSIP dialect has: a key is named by an application id and a reference id; each of its versions is an *alias* with
//! a certificate and two times, and which alias is current follows from the times and the application's policy.
//!
//! Private keys are ordinary key versions of ours, of the purposes `mosip-master` and `mosip-base`, wrapped under the key root and
//! used in the token only. The keyring holds policies and aliases, so no call reads them from the database. What a call needs and is
//! not there yet is made by [`renew`], after which the door runs the call again; the rotation job makes successors ahead of time.

mod alias;
mod all_certificates;
mod argon2_hash;
mod bootstrap;
mod certificate;
mod chain;
mod client_crypto;
mod cose_sign;
mod current;
mod decrypt;
mod encrypt;
mod fault;
mod generate;
pub mod import;
mod install;
mod jws_sign;
mod jwt_decrypt;
mod jwt_encrypt;
mod jwt_sign;
mod jwt_verify;
mod keyring;
mod license;
mod make;
mod name;
mod pdf_sign;
mod pin;
mod policy;
mod presented;
mod refusal;
mod renew;
mod request;
mod retire;
mod revoke;
mod rotate;
mod rules;
mod sign_old;
mod sign_raw;
mod signer;
mod token_id;
mod trust;
mod zk;

pub use alias::{Alias, Kind};
pub use all_certificates::{Listed, all_certificates};
pub use argon2_hash::{Hashed, argon2_hash};
pub use bootstrap::{Plan, PolicyPlan, Step, bootstrap_step};
pub use certificate::{Found, certificate};
pub use chain::chain;
pub use client_crypto::{
    ClientKeyUse, ClientType, ToOpenClient, ToSealClient, ToVerifyClient, client_open, client_public_key, client_seal,
    client_sign, client_verify,
};
pub use cose_sign::{CoseSigned, ToClaim, ToSignCose, cose_sign, cwt_sign};
pub use decrypt::{ToOpen, decrypt};
pub use encrypt::{ToSeal, encrypt};
pub use fault::{Fault, Unwanted};
pub use generate::{Make, Order, generate};
pub use install::{install, install_other, migrate_certificate};
pub use jws_sign::{ToSignJws, jws_sign};
pub use jwt_decrypt::{OpenedMessage, ToOpenMessage, jwt_decrypt};
pub use jwt_encrypt::{SealedMessage, ToSealMessage, jwt_encrypt};
pub use jwt_sign::{Parts, Signed, ToSign, jwt_sign};
pub use jwt_verify::{ToVerify, Trust, Verified, certificates_to_judge, jwt_verify};
pub use keyring::Dialect;
pub(crate) use keyring::read;
pub use km_ca::mosip::Names;
pub use km_crypto::argon2::Cost;
pub use license::{LicenseFault, LicenseKey, NewLicense, generate_license, license_permissions, permit_license};
pub use name::KeyName;
pub use pdf_sign::{PdfSigned, ToSignPdf, pdf_sign};
pub use pin::{decrypt_with_pin, encrypt_with_pin};
pub use policy::Policy;
pub use presented::Presented;
pub use refusal::role_missing;
pub use renew::renew;
pub use request::{DefaultName, Requested, request};
pub use revoke::revoke;
pub use rotate::rotate_ahead_step;
pub use rules::{ANONYMOUS, CwtRules, MosipRules};
pub use sign_old::{sign_old, validate_old};
pub use sign_raw::{RawSigned, ToSignRaw, sign_raw};
pub use signer::Certificates;
pub use token_id::{TokenIds, token_id};
pub use trust::{
    Authority, AuthorityKind, IncomingAuthority, IncomingPartner, Listing, NewPartner, OrderBy, Page,
    PartnerCertificates, PartnerFault, PartnerUploaded, StatusQuestion, Statuses, ToList, TrustRules, Uploaded,
    first_certificate, keep_list, keep_status, list_addresses, list_authorities, partner_certificates,
    status_questions, take_authority, take_partner, trust_path, upload_authorities, upload_partner, verify_trust,
};
pub use zk::{
    IncomingRandomKey, Migrated, Migration, SealedZk, ToMigrate, ToOpenZk, ToSealZk, migrate_zk_keys, zk_decrypt,
    zk_encrypt, zk_re_encrypt, zk_transfer_certificate,
};
