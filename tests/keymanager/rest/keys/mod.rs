//! `/v1/keys`: the inventory, and messages under a caller's key.

mod decrypt;
mod encrypt;
mod list;
mod mac;
mod rewrap;
mod show;
mod sign;
mod verify;
