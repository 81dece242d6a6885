//! What our figures are held against, measured in the same run: the token by itself, and a web server that does nothing but
//! what it must.

pub mod bare;
pub mod dialect;
pub mod token;
