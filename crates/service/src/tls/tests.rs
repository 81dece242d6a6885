//! Real handshakes on loopback.

use std::{net::SocketAddr, sync::Arc};

use rustls::{NamedGroup, ProtocolVersion, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_stream::StreamExt;

use super::*;

pub(crate) mod fixtures {
    pub(crate) const ROOT: &[u8] = include_bytes!("fixtures/root.pem");
    pub(crate) const OTHER: &[u8] = include_bytes!("fixtures/other.pem");
    pub(crate) const NOTHING_REVOKED: &[u8] = include_bytes!("fixtures/none.crl");
    pub(crate) const REVOKED_CRL: &[u8] = include_bytes!("fixtures/revoked.crl");
    pub(crate) const SERVER: (&[u8], &[u8]) =
        (include_bytes!("fixtures/server.pem"), include_bytes!("fixtures/server.key"));
    pub(crate) const SERVER_2: (&[u8], &[u8]) =
        (include_bytes!("fixtures/server-2.pem"), include_bytes!("fixtures/server-2.key"));
    pub(crate) const CLIENT: (&[u8], &[u8]) =
        (include_bytes!("fixtures/client.pem"), include_bytes!("fixtures/client.key"));
    pub(crate) const REVOKED: (&[u8], &[u8]) =
        (include_bytes!("fixtures/revoked.pem"), include_bytes!("fixtures/revoked.key"));
    pub(crate) const FOREIGN: (&[u8], &[u8]) =
        (include_bytes!("fixtures/foreign.pem"), include_bytes!("fixtures/foreign.key"));
}
use fixtures::*;

fn identity((chain, key): (&[u8], &[u8])) -> Identity {
    Identity::from_pem(chain, key).unwrap()
}

/// A server that greets each connection with one byte.
fn serve(identity: &Identity, clients: Option<&ClientTrust>) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut connections = incoming(listener, server_config(identity, clients, HTTP_2).unwrap()).unwrap();
    tokio::spawn(async move {
        while let Some(connection) = connections.next().await {
            let _ = connection.unwrap().write_all(b"!").await;
        }
    });
    address
}

/// Dials and waits for the greeting: in TLS 1.3 a client learns of its refusal only when it reads.
async fn greet(address: SocketAddr, who: Option<&Identity>) -> std::io::Result<TlsStream<TcpStream>> {
    let config = client_config(ROOT, who, HTTP_2).unwrap();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = TlsConnector::from(config).connect(name, stream).await?;
    let mut greeting = [0];
    connection.read_exact(&mut greeting).await?;
    Ok(connection)
}

#[tokio::test]
async fn the_handshake_is_tls_1_3_and_post_quantum() {
    let connection = greet(serve(&identity(SERVER), None), None).await.unwrap();
    let session = connection.get_ref().1;
    assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(session.negotiated_key_exchange_group().map(|group| group.name()), Some(NamedGroup::X25519MLKEM768));
    assert_eq!(session.alpn_protocol(), Some(HTTP_2));
}

#[tokio::test]
async fn only_a_client_under_the_root_is_let_in() {
    let trust = ClientTrust::from_pem(ROOT, NOTHING_REVOKED).unwrap();
    let address = serve(&identity(SERVER), Some(&trust));
    assert!(greet(address, Some(&identity(CLIENT))).await.is_ok());
    assert!(greet(address, Some(&identity(REVOKED))).await.is_ok(), "not revoked yet");
    assert!(greet(address, None).await.is_err());
    assert!(greet(address, Some(&identity(FOREIGN))).await.is_err());
    assert!(greet(address, Some(&identity(SERVER))).await.is_err(), "a server's certificate is not a client's");
}

#[tokio::test]
async fn a_revoked_client_is_refused_in_the_handshake_and_on_an_open_connection() {
    let trust = ClientTrust::from_pem(ROOT, NOTHING_REVOKED).unwrap();
    let address = serve(&identity(SERVER), Some(&trust));
    let (revoked, client) = (identity(REVOKED), identity(CLIENT));
    assert_eq!(trust.standing(&revoked.chain()), Standing::Good);
    assert!(!trust.is_revoked(&revoked.chain()[0]));

    trust.replace(ROOT, REVOKED_CRL).unwrap();
    assert_eq!(trust.standing(&revoked.chain()), Standing::Revoked);
    assert!(trust.is_revoked(&revoked.chain()[0]));
    assert!(greet(address, Some(&revoked)).await.is_err());
    assert!(!trust.is_revoked(&client.chain()[0]));
    assert!(greet(address, Some(&client)).await.is_ok());

    trust.replace(OTHER, b"").unwrap();
    assert_eq!(trust.standing(&client.chain()), Standing::Foreign);
    assert!(greet(address, Some(&client)).await.is_err());
    assert!(greet(address, Some(&identity(FOREIGN))).await.is_ok());
}

#[tokio::test]
async fn a_replaced_certificate_is_shown_from_the_next_handshake_on() {
    let server = identity(SERVER);
    let address = serve(&server, None);
    let shown = |connection: TlsStream<TcpStream>| connection.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    assert_eq!(shown(greet(address, None).await.unwrap()), identity(SERVER).chain()[0]);
    server.replace(SERVER_2.0, SERVER_2.1).unwrap();
    assert_eq!(shown(greet(address, None).await.unwrap()), identity(SERVER_2).chain()[0]);
    assert!(server.replace(SERVER.0, CLIENT.1).is_err(), "the key of another certificate");
    assert_eq!(shown(greet(address, None).await.unwrap()), identity(SERVER_2).chain()[0]);
}

#[tokio::test]
async fn a_replaced_client_certificate_is_shown_by_the_same_configuration() {
    let trust = ClientTrust::from_pem(ROOT, REVOKED_CRL).unwrap();
    let address = serve(&identity(SERVER), Some(&trust));
    let who = identity(REVOKED);
    assert!(greet(address, Some(&who)).await.is_err());
    who.replace(CLIENT.0, CLIENT.1).unwrap();
    assert!(greet(address, Some(&who)).await.is_ok());
}

#[tokio::test]
async fn a_server_under_another_root_is_not_spoken_to() {
    let address = serve(&identity(SERVER), None);
    let config = client_config(OTHER, None, HTTP_2).unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    assert!(TlsConnector::from(Arc::clone(&config)).connect(name, stream).await.is_err());
}
