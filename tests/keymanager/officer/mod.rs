//! The officers' door.

mod caller;
mod certificates;
mod enrolments;
mod import_mosip;
mod import_mosip_random;
mod import_mosip_token;
mod import_mosip_trust;
mod keys;
mod openapi;
mod rewrap;
mod tenants;
