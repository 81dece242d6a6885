//! The gRPC door, for `registry-svc` only: its certificate on every call, and the caller's token where there is a caller.

mod append_events;
mod convert;
mod cosign;
mod erase_record;
mod index_terms;
mod open_record;
mod peer;
mod recompute_terms;
mod renew;
mod rewrap_status;
mod seal_record;

use km_proto::v1::{certificates_server::CertificatesServer, log_server::LogServer, records_server::RecordsServer};
use tonic::{Status, transport::server::Router};

use crate::edge::Edge;

/// Largest message: a bulk seal's answer.
const MESSAGE: usize = 64 * 1024 * 1024;

/// The services behind this door.
#[derive(Clone)]
pub struct Door {
    edge: Edge,
}

/// All services of the door.
pub fn router(edge: &Edge) -> Router {
    let door = Door { edge: edge.clone() };
    tonic::transport::Server::builder()
        .http2_keepalive_interval(Some(std::time::Duration::from_secs(20)))
        .add_service(
            RecordsServer::new(door.clone()).max_decoding_message_size(MESSAGE).max_encoding_message_size(MESSAGE),
        )
        .add_service(LogServer::new(door.clone()))
        .add_service(CertificatesServer::new(door))
}

type Answer<T> = Result<tonic::Response<T>, Status>;
