//! Tenants, made by an officer of the operators' tenant.

mod create;

pub use create::{create_step, made};
