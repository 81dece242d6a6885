//! The door for backends, caseworkers and auditors.

mod batch;
mod caller;
mod data_keys;
mod enrol;
mod exports;
mod keys;
mod log;
mod me_keys;
mod openapi;
mod random;
mod well_known;
