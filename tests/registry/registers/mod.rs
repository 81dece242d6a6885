//! `/v1/registers`

mod list;
mod show;
