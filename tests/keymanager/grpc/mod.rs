//! The door for the registry: its certificate on every call, and the caller's token where there is a caller.

mod append_events;
mod convert;
mod cosign;
mod erase_record;
mod index_terms;
mod open_record;
mod peer;
mod recompute_terms;
mod renew;
mod rewrap_status;
mod seal_record;
