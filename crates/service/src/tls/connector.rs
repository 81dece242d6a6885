//! Dialling with our TLS, for a gRPC channel.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

const CONNECT: Duration = Duration::from_secs(5);

/// For `tonic::transport::Endpoint::connect_with_connector_lazy`. Every connection shows the certificate that the
/// identity holds at that moment.
///
/// The endpoint's URI must have the scheme `http`: tonic refuses `https` unless it makes the TLS itself. The connection
/// is TLS all the same; there is no way through this connector to one without.
#[derive(Clone)]
pub struct Connector {
    tls: TlsConnector,
}

impl Connector {
    pub fn new(config: Arc<ClientConfig>) -> Self {
        Self { tls: TlsConnector::from(config) }
    }
}

impl tower_service::Service<http::Uri> for Connector {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: http::Uri) -> Self::Future {
        let tls = self.tls.clone();
        Box::pin(async move {
            match tokio::time::timeout(CONNECT, dial(tls, uri)).await {
                Ok(outcome) => outcome.map(TokioIo::new),
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the connection took too long")),
            }
        })
    }
}

async fn dial(tls: TlsConnector, uri: http::Uri) -> io::Result<TlsStream<TcpStream>> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidInput, "the address must be http://HOST:PORT");
    let host = uri.host().ok_or_else(malformed)?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port_u16().ok_or_else(malformed)?;
    let name = ServerName::try_from(host.clone()).map_err(|_| malformed())?;
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    tls.connect(name, stream).await
}
