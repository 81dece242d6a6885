//! Clients at each listener of a system.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::System;
use crate::call::{Client, https};
use crate::grpc::Grpc;
use crate::identities::identity;

impl System {
    /// The key manager's listener for everyone, without a token.
    pub fn anyone(&self) -> Client {
        Client::new(https(&self.public("ca.pem"), None), &self.addresses().rest)
    }

    /// The key manager's listener for everyone, as this identity.
    pub fn rest(&self, who: &str) -> Client {
        self.anyone().with_token(self.token(who))
    }

    /// The officers' listener, as this identity with a workstation's certificate of its tenant.
    pub fn officer(&self, who: &str) -> Client {
        let workstation = self.certificate(identity(who).tenant, "officer", "workstation");
        self.at_officer_door(Some(workstation.files())).with_token(self.token(who))
    }

    /// The officers' listener with any certificate or none.
    pub fn at_officer_door(&self, certificate: Option<(&Path, &Path)>) -> Client {
        Client::new(https(&self.public("ca.pem"), certificate), &self.addresses().officer)
    }

    /// The gRPC listener, with the registry's certificate of this tenant.
    pub fn grpc(&self, tenant: &str) -> Grpc {
        let registry = self.certificate(tenant, "registry", "test-registry");
        self.grpc_with(Some(registry.files()))
    }

    /// The gRPC listener with any certificate or none.
    pub fn grpc_with(&self, certificate: Option<(&Path, &Path)>) -> Grpc {
        Grpc::new(&self.addresses().grpc, &self.public("ca.pem"), certificate)
    }

    /// Where the key manager's listener for everyone is.
    pub fn rest_address(&self) -> SocketAddr {
        socket(&self.addresses().rest)
    }

    /// Where the registry's listener is.
    pub fn registry_address(&self) -> SocketAddr {
        socket(&self.addresses().registry)
    }

    /// Where the key manager listens for the registry.
    pub fn grpc_address(&self) -> SocketAddr {
        socket(&self.addresses().grpc)
    }

    /// The registry, as this identity.
    pub fn registry(&self, who: &str) -> Client {
        self.registry_anyone().with_token(self.token(who))
    }

    /// The registry, without a token.
    pub fn registry_anyone(&self) -> Client {
        Client::new(https(&self.public("ca.pem"), None), &self.addresses().registry)
    }

    /// What the key manager's `/readyz` says.
    pub fn readiness(&self) -> Option<(u16, Value)> {
        self.readiness_at(&self.addresses().ops.clone())
    }

    /// What the registry's `/readyz` says.
    pub fn registry_readiness(&self) -> Option<(u16, Value)> {
        self.readiness_at(&self.addresses().registry_ops.clone())
    }

    /// A page of the key manager's operators' listener.
    pub fn ops(&self, path: &str) -> String {
        let operator = Client::new(https(&self.public("ca.pem"), None), &self.addresses().ops);
        operator.get(path).text()
    }

    fn readiness_at(&self, address: &str) -> Option<(u16, Value)> {
        let operator = Client::new(https(&self.public("ca.pem"), None), address);
        let answer = operator.try_send("GET", "/readyz", None, Vec::new()).ok()?;
        Some((answer.status, answer.body))
    }
}

fn socket(address: &str) -> SocketAddr {
    address.trim_start_matches("https://").parse().expect("an address of this machine")
}
