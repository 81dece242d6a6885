//! Calls over gRPC as the registry makes them, or as somebody who wants to pass for it.

use std::path::Path;
use std::time::Duration;

use km_proto::v1::{
    AppendEventsRequest, AppendEventsResponse, ConsistencyProofRequest, ConsistencyProofResponse, CosignRequest,
    CosignResponse, EraseRecordRequest, EraseRecordResponse, IndexTermsRequest, IndexTermsResponse, OpenRecordRequest,
    OpenRecordResponse, RecomputeTermsRequest, RecomputeTermsResponse, RenewRequest, RenewResponse,
    RewrapStatusRequest, RewrapStatusResponse, SealRecordRequest, SealRecordResponse,
    certificates_client::CertificatesClient, log_client::LogClient, records_client::RecordsClient,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Response, Status};

use crate::call::request_id;
use crate::wait;

/// Largest message, as the key manager's.
const LARGEST: usize = 64 * 1024 * 1024;

/// One caller at the gRPC listener.
#[derive(Clone)]
pub struct Grpc {
    channel: Channel,
    token: Option<String>,
}

/// What came back, and under which name the call was sent.
pub struct Called<T> {
    pub result: Result<T, Status>,
    pub request_id: String,
}

impl<T> Called<T> {
    /// The answer of a call that must succeed.
    #[track_caller]
    pub fn good(self) -> T {
        self.result.unwrap_or_else(|status| panic!("{status:?}"))
    }

    /// A call that must be refused with this stable code.
    #[track_caller]
    pub fn refused(self, code: &str) -> (Status, String) {
        let Err(status) = self.result else { panic!("the call was not refused") };
        assert_eq!(code_of(&status), code, "{status:?}");
        (status, self.request_id)
    }
}

/// The stable code beside a gRPC status, or nothing.
pub fn code_of(status: &Status) -> &str {
    status.metadata().get("sealkeep-code").and_then(|code| code.to_str().ok()).unwrap_or_default()
}

impl Grpc {
    /// Connects when first called.
    pub fn new(address: &str, root: &Path, certificate: Option<(&Path, &Path)>) -> Self {
        let read = |path: &Path| std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(root)));
        if let Some((certificate, key)) = certificate {
            tls = tls.identity(Identity::from_pem(read(certificate), read(key)));
        }
        let endpoint = Endpoint::from_shared(address.to_owned()).expect("an address").tls_config(tls).expect("TLS");
        // The channel's background task needs the runtime.
        let channel = wait(async { endpoint.timeout(Duration::from_secs(60)).connect_lazy() });
        Self { channel, token: None }
    }

    /// The same caller, forwarding this token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { channel: self.channel.clone(), token: Some(token.into()) }
    }

    fn request<T>(&self, message: T) -> (Request<T>, String) {
        let mut request = Request::new(message);
        let id = request_id();
        request.metadata_mut().insert("x-request-id", id.parse().expect("ASCII"));
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("ASCII"));
        }
        (request, id)
    }
}

fn called<T>(result: Result<Response<T>, Status>, request_id: String) -> Called<T> {
    Called { result: result.map(Response::into_inner), request_id }
}

macro_rules! methods {
    ($($client:ident { $($method:ident($request:ty) -> $response:ty;)* })*) => {
        impl Grpc {$($(
            pub fn $method(&self, message: $request) -> Called<$response> {
                let (request, id) = self.request(message);
                let mut client = $client::new(self.channel.clone())
                    .max_decoding_message_size(LARGEST)
                    .max_encoding_message_size(LARGEST);
                called(wait(client.$method(request)), id)
            }
        )*)*}
    };
}

methods! {
    RecordsClient {
        seal_record(SealRecordRequest) -> SealRecordResponse;
        open_record(OpenRecordRequest) -> OpenRecordResponse;
        index_terms(IndexTermsRequest) -> IndexTermsResponse;
        erase_record(EraseRecordRequest) -> EraseRecordResponse;
        recompute_terms(RecomputeTermsRequest) -> RecomputeTermsResponse;
        rewrap_status(RewrapStatusRequest) -> RewrapStatusResponse;
    }
    LogClient {
        append_events(AppendEventsRequest) -> AppendEventsResponse;
        consistency_proof(ConsistencyProofRequest) -> ConsistencyProofResponse;
        cosign(CosignRequest) -> CosignResponse;
    }
    CertificatesClient {
        renew(RenewRequest) -> RenewResponse;
    }
}
