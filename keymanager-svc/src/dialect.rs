//! Opens the listeners of the MOSIP dialect and starts its job, where the configuration has the dialect.

use std::{collections::BTreeSet, io, sync::Arc, time::Duration};

use km_domain::{Principal, Timestamp};
use km_operations::mosip::{ANONYMOUS, Plan};
use km_service::{
    Component, Door, Limits, Metrics, Readiness, Shutdown, StateDir, config,
    tls::{self, Identity},
};
use tokio::{sync::Semaphore, task::JoinHandle};

use crate::{
    config::{Bootstrap, Config, MosipConfig},
    edge::Edge,
    jobs,
    mosip::{self, Dialect, body::Bodies, endpoint::Endpoint},
    startup::StartError,
};

/// What the dialect's listeners are opened with.
pub struct Opening<'a> {
    pub config: &'a Config,
    pub edge: &'a Edge,
    pub state: &'a StateDir,
    pub identity: &'a Identity,
    pub shared: (&'a Readiness, &'a Metrics, &'a Shutdown),
}

/// The open listeners: by their names, where the paths begin; and what ends when they are closed.
#[derive(Default)]
pub struct Opened {
    pub addresses: Vec<(&'static str, String)>,
    pub servers: Vec<JoinHandle<io::Result<()>>>,
}

impl Opening<'_> {
    /// Opens the listener with TLS and, where the switch for it is on, the one without.
    pub fn open(&self) -> Result<Opened, StartError> {
        let Some(section) = &self.config.mosip else { return Ok(Opened::default()) };
        let (readiness, _, shutdown) = self.shared;
        let plan = plan(section)?;
        let dialect = self.dialect(section);
        let mut opened = Opened::default();
        let listener = self.state.listen_on("mosip", self.config.listen.mosip)?;
        opened.addresses.push(("mosip", format!("https://{}{}", listener.local_addr()?, mosip::BASE)));
        let tls = tls::server_config(self.identity, None, tls::HTTP_1_1)?;
        let (limits, patience) = (self.limits(section), Duration::MAX);
        let door = Door { name: "mosip", listener, tls: Some(tls), clear_text: false, limits, patience };
        opened.servers.push(tokio::spawn(door.open(mosip::routes(dialect.clone()), shutdown)?));
        if let Some(address) = section.plain_http {
            let listener = self.state.listen_on("mosip-http", Some(address))?;
            opened.addresses.push(("mosip_http", format!("http://{}{}", listener.local_addr()?, mosip::BASE)));
            let limits = self.limits(section);
            let door = Door { name: "mosip-http", listener, tls: None, clear_text: true, limits, patience };
            opened.servers.push(tokio::spawn(door.open(mosip::routes(dialect), shutdown)?));
        }
        self.say_switches();
        let (edge, readiness, shutdown) = (self.edge.clone(), readiness.clone(), shutdown.clone());
        readiness.set("mosip", Component::Down, "keys are being made");
        if !section.trust.revocation_list_hosts.is_empty() {
            let period = Duration::from_secs(60 * u64::from(section.trust.revocation_list_minutes));
            tokio::spawn(jobs::mosip_lists::keep(edge.clone(), section.tenant.clone(), period, shutdown.clone()));
        }
        tokio::spawn(jobs::mosip::keep(edge, section.tenant.clone(), plan, readiness, shutdown));
        Ok(opened)
    }

    fn dialect(&self, section: &MosipConfig) -> Dialect {
        let (readiness, metrics, _) = self.shared;
        Dialect {
            edge: self.edge.clone(),
            tenant: section.tenant.clone(),
            audiences: section.audiences.clone().into(),
            anonymous: anonymous(section).map(Arc::new),
            roles: Arc::new(Endpoint::ALL.iter().map(|endpoint| (*endpoint, roles(section, *endpoint))).collect()),
            bodies: Bodies {
                most: section.max_body,
                deadline: self.config.limits.body_deadline(),
                places: Arc::new(Semaphore::new(section.large_bodies)),
                patience: Duration::from_millis(section.large_body_wait_ms),
            },
            slow: Arc::new(Semaphore::new(1)),
            readiness: readiness.clone(),
            metrics: metrics.clone(),
        }
    }

    fn limits(&self, section: &MosipConfig) -> Limits {
        Limits { max_body: section.max_body, ..self.config.limits.clone() }
    }

    /// Said by health, by the log at start, and by every event.
    fn say_switches(&self) {
        let (readiness, ..) = self.shared;
        let switches = &self.edge.parts.operations.rules.switches;
        readiness.fact("switches", switches.clone());
        if !switches.is_empty() {
            let switches = switches.join(", ");
            tracing::warn!(event = "mosip.switches", switches, "switches are on that make the MOSIP dialect less safe");
            readiness.set("mosip-switches", Component::Degraded, format!("less safe than by itself: {switches}"));
        }
    }
}

/// The configured list of an endpoint, or the dialect's own.
fn roles(section: &MosipConfig, endpoint: Endpoint) -> BTreeSet<String> {
    let own = || endpoint.default_roles().map(str::to_owned).collect();
    section.roles.get(endpoint.suffix()).cloned().unwrap_or_else(own)
}

/// The caller that stands for everybody without a token.
fn anonymous(section: &MosipConfig) -> Option<Principal> {
    let configured = section.anonymous_principal.as_ref()?;
    Some(Principal {
        tenant: section.tenant.clone(),
        issuer: ANONYMOUS.to_owned(),
        subject: configured.name.clone(),
        username: Some(configured.name.clone()),
        roles: BTreeSet::new(),
        role_names: configured.roles.clone(),
        acr: None,
        authenticated_at: None,
        expires: Timestamp::from_micros(i64::MAX),
    })
}

fn plan(section: &MosipConfig) -> Result<Plan, StartError> {
    match &section.bootstrap {
        Some(path) => Ok(config::load::<Bootstrap>(path)?.plan()),
        None => Ok(Plan::default()),
    }
}
