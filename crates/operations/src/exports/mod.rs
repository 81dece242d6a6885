//! Signed exports: evidence bundles that verify without us.

mod write;

pub use write::{ExportRequest, Exported, fetch, write};
