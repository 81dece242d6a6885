//! The byte layouts of the MOSIP dialect: what its clients send, and what they and its old databases hold. Laid out and taken
//! apart here; `envelope::mosip` joins them with keys. Whatever is written has one spelling; what is read is as lenient as the
//! dialect's own server is.

mod ber;
mod cbor;
pub mod certificate_material;
pub mod client_crypto;
pub mod client_key;
pub mod cose;
pub mod cwt;
pub mod deflate;
pub mod gcm;
pub mod identifiers;
pub mod jwe;
pub mod jws;
pub mod multibase;
pub mod payload;
pub mod pin;
pub mod pkcs7;
pub mod private_key;
pub mod text;
pub mod time;
pub mod token_id;
pub mod zk;
