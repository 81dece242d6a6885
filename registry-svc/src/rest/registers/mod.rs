//! Registers and their definitions.

pub mod list;
pub mod show;
