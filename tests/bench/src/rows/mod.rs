//! The rows of the table.

pub mod commit;
pub mod decrypt;
pub mod dialect;
pub mod encrypt;
pub mod import;
pub mod memory;
pub mod open;
pub mod people;
pub mod rewrap;
pub mod seal;
pub mod sign;
pub mod start;
