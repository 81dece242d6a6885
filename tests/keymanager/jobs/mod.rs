//! What the service does of its own accord.

mod certificate;
