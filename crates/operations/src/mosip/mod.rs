//! What only the MOSIP dialect has: a key is named by an application id and a reference id; each of its versions is an *alias* with
//! a certificate and two times, and which alias is current follows from the times and the application's policy.
//!
//! Private keys are ordinary key versions of ours, of the purposes `mosip-master` and `mosip-base`, wrapped under the key root and
//! used in the token only. The keyring holds policies and aliases, so no call reads them from the database. What a call needs and is
//! not there yet is made by [`renew`], after which the door runs the call again; the rotation job makes successors ahead of time.

mod alias;
mod all_certificates;
mod bootstrap;
mod certificate;
mod chain;
mod current;
mod decrypt;
mod encrypt;
mod fault;
mod generate;
mod install;
mod jwt_sign;
mod jwt_verify;
mod keyring;
mod make;
mod name;
mod policy;
mod refusal;
mod renew;
mod request;
mod retire;
mod revoke;
mod rotate;
mod rules;

pub use alias::{Alias, Kind};
pub use all_certificates::{Listed, all_certificates};
pub use bootstrap::{Plan, PolicyPlan, bootstrap_step};
pub use certificate::{Found, certificate};
pub use chain::chain;
pub use decrypt::{ToOpen, decrypt};
pub use encrypt::{ToSeal, encrypt};
pub use fault::{Fault, Unwanted};
pub use generate::{Make, Order, generate};
pub use install::{install, install_other};
pub use jwt_sign::{Parts, Signed, ToSign, jwt_sign};
pub use jwt_verify::{ToVerify, Trust, Verified, jwt_verify};
pub use keyring::Dialect;
pub(crate) use keyring::read;
pub use km_ca::mosip::Names;
pub use name::KeyName;
pub use policy::Policy;
pub use refusal::role_missing;
pub use renew::renew;
pub use request::{DefaultName, Requested, request};
pub use revoke::revoke;
pub use rotate::rotate_ahead_step;
pub use rules::{ANONYMOUS, MosipRules};
