//! The program's commands, beside the service and without it.

mod backup;
mod check_config;
mod config_files;
mod help;
mod init;
mod kmctl;
mod serve;
mod verify_audit;
