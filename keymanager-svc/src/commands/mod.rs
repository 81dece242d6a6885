//! What the program can be told on its command line, a file each.

pub mod backup;
pub mod check_config;
pub mod init;
pub mod invite;
pub mod migrate;
pub mod restore;
pub mod serve;
pub mod verify_audit;
