//! Accepted TLS connections as a stream, for the gRPC server.

use std::{io, sync::Arc, time::Duration};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::{Stream, wrappers::ReceiverStream};

/// Time for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Handshakes at a time; beyond that, connections wait in the kernel's queue. Many, for those who never end theirs would keep
/// everybody else out.
const MOST_HANDSHAKES: usize = 1024;
/// Wait after `accept` failed (no file handles left, for example), so that the loop does not spin.
const BREATH: Duration = Duration::from_millis(50);

/// Takes connections from `listener` and gives those whose handshake succeeded. Failed handshakes are logged and
/// dropped. The loop ends when the stream is dropped. Needs a running tokio runtime.
///
/// # Errors
/// The listener cannot be registered with the runtime.
pub fn incoming(
    listener: std::net::TcpListener,
    config: Arc<ServerConfig>,
) -> io::Result<impl Stream<Item = io::Result<TlsStream<TcpStream>>> + Send + Unpin> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let (ready, stream) = mpsc::channel(MOST_HANDSHAKES);
    tokio::spawn(accept_all(listener, TlsAcceptor::from(config), ready));
    Ok(ReceiverStream::new(stream))
}

type Ready = mpsc::Sender<io::Result<TlsStream<TcpStream>>>;

async fn accept_all(listener: TcpListener, acceptor: TlsAcceptor, ready: Ready) {
    let room = Arc::new(Semaphore::new(MOST_HANDSHAKES));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            () = ready.closed() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(event = "tls.accept-failed", %error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(connection)) => {
                    let _ = ready.send(Ok(connection)).await;
                }
                Ok(Err(error)) => {
                    tracing::warn!(event = "tls.handshake-refused", %error, "a TLS handshake was refused");
                }
                Err(_) => tracing::warn!(event = "tls.handshake-slow", "a TLS handshake took too long"),
            }
            drop(place);
        });
    }
}
