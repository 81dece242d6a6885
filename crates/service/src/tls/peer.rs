//! The client certificate of a connection, for the handlers of an HTTP listener.

use std::any::Any;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{HttpRequest, dev::Extensions, rt::net::TcpStream};

/// The chain that the client showed, leaf first, as DER. Verified by the handshake.
#[derive(Debug, Clone)]
pub struct PeerCertificates(pub Vec<Vec<u8>>);

impl PeerCertificates {
    /// Of the connection that this request came by.
    pub fn of(request: &HttpRequest) -> Option<&Self> {
        request.conn_data::<Self>()
    }

    pub fn leaf(&self) -> Option<&[u8]> {
        self.0.first().map(Vec::as_slice)
    }
}

/// For `HttpServer::on_connect`: keeps the client's certificates with the connection.
pub fn remember_peer(connection: &dyn Any, extensions: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>()
        && let Some(chain) = stream.get_ref().1.peer_certificates()
    {
        extensions.insert(PeerCertificates(chain.iter().map(|certificate| certificate.to_vec()).collect()));
    }
}
