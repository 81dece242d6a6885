//! An HTTP listener of a service: TLS, limits, the edge around every route, a graceful stop.

use std::{future::Future, io, net::TcpListener, sync::Arc, time::Duration};

use actix_web::{App, HttpServer, middleware::from_fn, web};
use rustls::ServerConfig;

use crate::{
    body::BodyLimit,
    edge::{self, DoorName, Patience},
    limits::Limits,
    problem::{self, Problem},
    shutdown::Shutdown,
    tls::remember_peer,
};

/// What a listener is opened with.
pub struct Door {
    /// For log and figures: `rest`, `officer`, `ops`.
    pub name: &'static str,
    pub listener: TcpListener,
    /// Without TLS only on loopback, unless `clear_text` says otherwise.
    pub tls: Option<Arc<ServerConfig>>,
    /// A listener without TLS may be reached from other machines: for a switch of the configuration that names it, and nothing else.
    pub clear_text: bool,
    pub limits: Limits,
    /// How long a request may wait in all ([`crate::patience`]).
    pub patience: Duration,
}

impl Door {
    /// Opens the listener and serves `routes` until `shutdown`; requests that run then get the configured time to end.
    /// `routes` runs once for each worker. The future that comes back ends when the listener is closed; spawn it.
    ///
    /// # Errors
    /// The socket cannot be used, or it would speak clear text beyond this machine.
    pub fn open<R>(
        self,
        routes: R,
        shutdown: &Shutdown,
    ) -> io::Result<impl Future<Output = io::Result<()>> + Send + use<R>>
    where
        R: Fn(&mut web::ServiceConfig) + Send + Clone + 'static,
    {
        let Self { name, listener, tls, clear_text, limits, patience } = self;
        let address = listener.local_addr()?;
        if tls.is_none() && !clear_text && !address.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a listener without TLS must be on loopback"));
        }
        let patience = Patience(patience);
        let body_limit = web::Data::new(BodyLimit::from(&limits));
        let application = move || {
            App::new()
                .app_data(DoorName(name))
                .app_data(patience)
                .app_data(body_limit.clone())
                .configure(routes.clone())
                .default_service(web::to(nothing_here))
                .wrap(from_fn(edge::around))
        };
        let stop = shutdown.clone();
        let server = HttpServer::new(application)
            .workers(limits.workers)
            .max_connections(limits.max_connections)
            // Handshakes at a time: as many as connections, or those who never end theirs would keep everybody else out.
            .max_connection_rate(limits.max_connections)
            .keep_alive(Duration::from_secs(limits.keep_alive_seconds))
            .client_request_timeout(Duration::from_secs(limits.head_seconds))
            .client_disconnect_timeout(Duration::from_secs(2))
            .tls_handshake_timeout(Duration::from_secs(limits.handshake_seconds))
            .tcp_nodelay(true)
            .on_connect(remember_peer)
            .shutdown_timeout(limits.stop_seconds)
            .shutdown_signal(async move { stop.requested().await });
        let server = match tls {
            Some(config) => server.listen_rustls_0_23(listener, ServerConfig::clone(&config))?,
            None => server.listen(listener)?,
        };
        tracing::info!(event = "listener.open", listener = name, %address, "a listener is open");
        Ok(server.run())
    }
}

async fn nothing_here() -> Result<&'static str, Problem> {
    Err(Problem::new(&problem::NOT_FOUND))
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpRequest, HttpResponse};
    use serde_json::Value;

    use super::*;
    use crate::{
        json::StrictJson,
        request_id::RequestContext,
        tls::{self, ClientTrust, Identity, PeerCertificates, tests::fixtures},
    };

    async fn echo(body: StrictJson<Vec<u8>>, names: RequestContext) -> HttpResponse {
        HttpResponse::Ok().json((body.0, names.request_id))
    }

    async fn who(request: HttpRequest) -> String {
        PeerCertificates::of(&request).and_then(PeerCertificates::leaf).map_or(0, <[u8]>::len).to_string()
    }

    fn routes(routes: &mut web::ServiceConfig) {
        routes
            .service(web::resource("/echo").route(web::post().to(echo)))
            .service(web::resource("/number/{n}").route(web::get().to(|n: web::Path<u8>| async move { n.to_string() })))
            .service(web::resource("/who").route(web::get().to(who)));
    }

    fn open(clients: Option<&ClientTrust>, shutdown: &Shutdown) -> String {
        let identity = Identity::from_pem(fixtures::SERVER.0, fixtures::SERVER.1).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        let tls = Some(tls::server_config(&identity, clients, tls::HTTP_1_1).unwrap());
        let limits = Limits { workers: 1, max_body: 100, ..Limits::default() };
        tokio::spawn(
            Door { name: "test", listener, tls, clear_text: false, limits, patience: Duration::MAX }
                .open(routes, shutdown)
                .unwrap(),
        );
        base
    }

    fn client(identity: Option<(&[u8], &[u8])>) -> reqwest::Client {
        let identity = identity.map(|(chain, key)| Identity::from_pem(chain, key).unwrap());
        let config = tls::client_config(fixtures::ROOT, identity.as_ref(), tls::HTTP_1_1).unwrap();
        reqwest::Client::builder().tls_backend_preconfigured(rustls::ClientConfig::clone(&config)).build().unwrap()
    }

    async fn refusal(request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.header("x-request-id", "test-0001").send().await.unwrap();
        let status = response.status().as_u16();
        assert_eq!(response.headers()["content-type"], problem::MEDIA_TYPE);
        assert_eq!(response.headers()["x-request-id"], "test-0001");
        let document: Value = response.json().await.unwrap();
        assert_eq!(document["request_id"], "test-0001");
        (status, document["type"].clone())
    }

    #[tokio::test]
    async fn every_refusal_is_a_problem_document() {
        let shutdown = Shutdown::manual();
        let (base, client) = (open(None, &shutdown), client(None));
        let url = |path: &str| format!("{base}{path}");
        let json = |body: Vec<u8>| client.post(url("/echo")).header("content-type", "application/json").body(body);
        let cases = [
            (client.get(url("/nowhere")), 404, "not-found"),
            (client.get(url("/echo")), 405, "method-not-allowed"),
            (client.get(url("/number/many")), 404, "not-found"),
            (client.post(url("/echo")).body("[1]"), 415, "unsupported-media-type"),
            (json(b"[1".to_vec()), 400, "malformed-body"),
            (json(b"[\"\xff\"]".to_vec()), 400, "malformed-body"),
            (json(b" ".repeat(101)), 413, "body-too-large"),
            (json(b"[1]".to_vec()).header("content-encoding", "gzip"), 415, "unsupported-media-type"),
        ];
        for (request, status, code) in cases {
            assert_eq!(refusal(request).await, (status, format!("/docs/errors#{code}").into()));
        }
        assert_eq!(json(b"[1]".to_vec()).send().await.unwrap().status(), 200);
        shutdown.request();
    }

    #[tokio::test]
    async fn a_handler_sees_the_client_certificate() {
        let shutdown = Shutdown::manual();
        let trust = ClientTrust::from_pem(fixtures::ROOT, fixtures::NOTHING_REVOKED).unwrap();
        let url = format!("{}/who", open(Some(&trust), &shutdown));
        let seen = client(Some(fixtures::CLIENT)).get(&url).send().await.unwrap().text().await.unwrap();
        assert!(seen.parse::<usize>().unwrap() > 100);
        assert!(client(None).get(&url).send().await.is_err());
        shutdown.request();
    }

    #[tokio::test]
    async fn clear_text_beyond_this_machine_is_not_served() {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let limits = Limits::default();
        let door = Door { name: "test", listener, tls: None, clear_text: false, limits, patience: Duration::MAX };
        assert!(door.open(routes, &Shutdown::manual()).is_err());
    }
}
