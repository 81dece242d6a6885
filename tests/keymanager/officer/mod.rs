//! The officers' door.

mod caller;
mod certificates;
mod enrolments;
mod keys;
mod openapi;
mod rewrap;
mod tenants;
