//! What `proto/` generates: the gRPC face of the key manager, for `registry-svc`.

#![allow(clippy::all, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines)]

/// Messages, clients and servers of `sealkeep.keymanager.v1`.
pub mod v1 {
    tonic::include_proto!("sealkeep.keymanager.v1");
}
