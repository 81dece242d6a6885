//! Whether the log can be written.

use km_storage::{Unrecorded, Write};

use crate::Operation;

/// Goes the whole way of a record, to the disk and back, and leaves none.
///
/// # Errors
/// When committed: as any operation whose record cannot be written.
pub fn writable() -> Operation<()> {
    Unrecorded::unremarkable(Ok(())).with(Write::repeat_head())
}
