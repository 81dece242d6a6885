//! The connection: mutual TLS with a certificate that changes while it is used, and what every call carries.

use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};

use km_domain::SecretText;
use km_proto::v1::{certificates_client::CertificatesClient, log_client::LogClient, records_client::RecordsClient};
use km_service::{
    RequestContext, patience,
    tls::{self, Connector, Identity, TlsError},
};
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

use super::KeyManagerError;

/// A bulk seal of a thousand records, sealed fields and terms included, stays well below.
const LARGEST_MESSAGE: usize = 64 * 1024 * 1024;
/// Time for a call at both ends, unless less is left to the request for which it is made.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// On whose behalf a call is made, and under which names it is followed.
pub struct Behalf {
    /// The caller's access token; none for what the registry does of its own accord.
    token: Option<SecretText>,
    names: RequestContext,
}

impl Behalf {
    /// Of a caller, whose token is forwarded.
    pub fn caller(token: &str, names: RequestContext) -> Self {
        Self { token: Some(SecretText::new(token.to_owned())), names }
    }

    /// Of the registry itself.
    ///
    /// # Errors
    /// The system's random generator failed.
    pub fn registry() -> Result<Self, KeyManagerError> {
        let names =
            RequestContext::accept(None, None).map_err(|error| KeyManagerError::Unavailable(error.to_string()))?;
        Ok(Self { token: None, names })
    }

    pub fn request_id(&self) -> &str {
        &self.names.request_id
    }
}

/// The way to the key manager.
pub struct Link {
    endpoint: Endpoint,
    connector: Connector,
    channel: RwLock<Channel>,
}

impl Link {
    /// Connects on the first call. `address` is `https://HOST:PORT`; `roots` (PEM) are the only certificates trusted.
    ///
    /// # Errors
    /// The address or the roots cannot be used.
    pub fn new(address: &str, roots: &[u8], identity: &Identity) -> Result<Self, TlsError> {
        let malformed = TlsError::Malformed { what: "key_manager.grpc", rule: "must be https://HOST:PORT" };
        // The connector makes the TLS itself and takes only this spelling; there is no way through it without.
        let Some(authority) = address.strip_prefix("https://") else { return Err(malformed) };
        let endpoint = Endpoint::from_shared(format!("http://{authority}")).map_err(|_| malformed)?;
        let endpoint = endpoint
            .timeout(DEADLINE)
            .keep_alive_while_idle(true)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(5))
            .initial_stream_window_size(4 * 1024 * 1024)
            .initial_connection_window_size(16 * 1024 * 1024);
        let connector = Connector::new(tls::client_config(roots, Some(identity), tls::HTTP_2)?);
        let channel = RwLock::new(endpoint.connect_with_connector_lazy(connector.clone()));
        Ok(Self { endpoint, connector, channel })
    }

    /// New calls go over a new connection; those under way end on the old one.
    pub fn reconnect(&self) {
        let fresh = self.endpoint.connect_with_connector_lazy(self.connector.clone());
        *self.channel.write().unwrap_or_else(PoisonError::into_inner) = fresh;
    }

    fn channel(&self) -> Channel {
        self.channel.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn records(&self) -> RecordsClient<Channel> {
        RecordsClient::new(self.channel())
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE)
    }

    pub(super) fn log(&self) -> LogClient<Channel> {
        LogClient::new(self.channel())
    }

    pub(super) fn certificates(&self) -> CertificatesClient<Channel> {
        CertificatesClient::new(self.channel())
    }

    /// A call's message with what goes beside it: token, request id, trace.
    pub(super) fn request<T>(behalf: &Behalf, message: T) -> Result<Request<T>, KeyManagerError> {
        let mut request = Request::new(message);
        request.set_timeout(patience::left(DEADLINE));
        let metadata = request.metadata_mut();
        if let Some(token) = &behalf.token {
            let mut value = ascii(&format!("Bearer {}", token.expose()))?;
            value.set_sensitive(true);
            metadata.insert("authorization", value);
        }
        metadata.insert("x-request-id", ascii(&behalf.names.request_id)?);
        if let Some(traceparent) = &behalf.names.traceparent {
            metadata.insert("traceparent", ascii(traceparent)?);
        }
        Ok(request)
    }
}

fn ascii(text: &str) -> Result<MetadataValue<Ascii>, KeyManagerError> {
    text.parse().map_err(|_| KeyManagerError::Malformed("a header that is not ASCII"))
}
