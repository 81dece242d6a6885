//! A web server that does the least that an encryption needs: TLS 1.3, JSON, base64 and one AES-GCM in the token. No access
//! token, no log, no database. It runs as a process of its own, so that its processor time is its own too. Asked for the MOSIP dialect,
//! it serves the least of that too (see [`super::dialect`]).

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, post, web};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use km_test_support::{Child, TestFolder, TestToken, wait_until};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::dialect::{self, Public};
use super::token::{BareToken, encrypt};

/// `km-bench bare`: serves until it is killed.
#[derive(clap::Args)]
pub struct Bare {
    #[arg(long)]
    module: PathBuf,
    #[arg(long)]
    label: String,
    #[arg(long)]
    pin_file: PathBuf,
    /// Where certificate.pem and key.pem lie, and the address is written to.
    #[arg(long)]
    folder: PathBuf,
    #[arg(long)]
    workers: usize,
}

#[derive(serde::Deserialize)]
struct Asked {
    plaintext: String,
}

#[derive(serde::Serialize)]
struct Answered {
    ciphertext: String,
    version: u32,
}

/// What a worker has: a session of its own, and the key.
struct Worker {
    session: Session,
    key: ObjectHandle,
}

#[post("/encrypt")]
async fn answer(worker: web::Data<Worker>, asked: web::Json<Asked>) -> HttpResponse {
    let Ok(plaintext) = URL_SAFE_NO_PAD.decode(&asked.plaintext) else { return HttpResponse::BadRequest().finish() };
    let iv = km_crypto::random::bytes();
    let sealed = encrypt(&worker.session, worker.key, iv, &plaintext);
    let ciphertext = URL_SAFE_NO_PAD.encode([iv.as_slice(), &sealed].concat());
    HttpResponse::Ok().json(Answered { ciphertext, version: 1 })
}

impl Bare {
    pub fn serve(self) -> std::io::Result<()> {
        let token = BareToken::open(&self.module, &self.label, &self.pin_file);
        let (key, session) = (token.aes(), token.opener());
        let public = Public::read(&self.folder).map(web::Data::new);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let opened = move || {
            let worker = Worker { session: session(), key };
            let app = App::new().app_data(web::Data::new(worker)).service(answer);
            let public = public.clone();
            app.configure(|routes| {
                public.into_iter().for_each(|public| dialect::serve(routes, public));
            })
        };
        // As our own listeners are.
        let server = HttpServer::new(opened)
            .workers(self.workers)
            .keep_alive(Duration::from_secs(30))
            .tcp_nodelay(true)
            .listen_rustls_0_23(listener, self.tls())?;
        // The listener is bound: whoever connects from now on waits until the workers run.
        let known = self.folder.join("address");
        std::fs::write(known.with_extension("new"), format!("https://{address}"))?;
        std::fs::rename(known.with_extension("new"), known)?;
        actix_web::rt::System::new().block_on(server.run())
    }

    fn tls(&self) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let chain = CertificateDer::pem_file_iter(self.folder.join("certificate.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(self.folder.join("key.pem")).expect("a key");
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(chain.map(|one| one.expect("PEM")).collect(), key)
            .expect("certificate and key belong together");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.send_tls13_tickets = 0;
        config
    }
}

/// A running bare server.
pub struct BareServer {
    pub url: String,
    child: Child,
    _folder: TestFolder,
}

impl BareServer {
    /// On this token, with as many workers as the service has.
    pub fn start(token: &TestToken, workers: usize) -> Self {
        Self::start_in(TestFolder::new("bare"), token, workers)
    }

    /// As [`Self::start`], with the least of the MOSIP dialect beside.
    pub fn with_dialect(token: &TestToken, workers: usize, public: &Public) -> Self {
        let folder = TestFolder::new("bare");
        public.write(folder.path());
        Self::start_in(folder, token, workers)
    }

    fn start_in(folder: TestFolder, token: &TestToken, workers: usize) -> Self {
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        let request =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 -keyout";
        km_tests::openssl::openssl(request, &[&key, "-out".as_ref(), &certificate]).good();
        let mut command = std::process::Command::new(std::env::current_exe().expect("the running program"));
        let (name, value) = token.environment();
        command.env(name, value).args(["bare", "--label", &token.label, "--workers", &workers.to_string()]);
        command.arg("--module").arg(&token.module).arg("--pin-file").arg(&token.pin_file);
        command.arg("--folder").arg(folder.path());
        let child = Child::start(&mut command, &folder.path().join("log"));
        let known = folder.path().join("address");
        assert!(wait_until(Duration::from_secs(30), || known.exists()), "{}", child.output());
        let url = std::fs::read_to_string(&known).expect("the address");
        Self { url, child, _folder: folder }
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }
}
