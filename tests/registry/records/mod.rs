//! `/v1/registers/{register}/records`

mod bulk;
mod erase;
mod find;
mod list;
mod open;
mod open_many;
mod put;
