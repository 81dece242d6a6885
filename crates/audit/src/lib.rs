//! The audit log as pure data: events and their bytes, the Merkle tree over them, tiles of its hashes, checkpoints and
//! the notes that carry their signatures. No input or output; who signs, stores and serves is elsewhere.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod checkpoint;
pub mod digest;
pub mod event;
pub mod kind;
pub mod note;
pub mod proof;
pub mod range;
pub mod tile;
pub mod tree;
pub mod witness;

pub use checkpoint::Checkpoint;
pub use event::{Actor, ActorKind, Event, EventError, LoggedEvent, Outcome};
pub use kind::EventKind;
pub use note::Note;
pub use tree::{Frontier, Hash};
