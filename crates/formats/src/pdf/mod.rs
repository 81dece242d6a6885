//! PDF (ISO 32000-1), as far as it takes to put a signature behind a document of a stranger's: what is there stays as it is, bit by bit,
//! and an update is added (section 7.5.6). Knows no keys: it says what is to be signed and puts the signature in its place.
//!
//! Read are cross-reference tables and streams, and objects in object streams; content is never looked at. The work that a document may
//! cause is bounded by its length.

mod document;
mod flate;
mod places;
mod signature;
mod syntax;

pub use signature::{Look, Prepared, prepare};

use crate::FormatError;

/// What is not read.
pub(crate) const DOCUMENT: FormatError =
    FormatError::new("the document", "a PDF with an intact cross-reference, as programs write it");
