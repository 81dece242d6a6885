//! The door for backends, caseworkers and auditors.

mod keys;
