//! `/v1/keys`: the inventory, and messages under a caller's key.

mod encrypt;
