//! `Certificates.Renew`

use km_domain::ServiceKind;
use km_operations::certificates;
use km_proto::v1::{self, certificates_server::Certificates};
use tonic::{Request, Response};

use super::{Answer, Door, peer::status_of};

#[tonic::async_trait]
impl Certificates for Door {
    /// For every kind of certificate: each renews its own identity and no other.
    async fn renew(&self, request: Request<v1::RenewRequest>) -> Answer<v1::RenewResponse> {
        let service = self.identify(&request, &ServiceKind::ALL).await?.service;
        let csr = request.into_inner().csr;
        let issued = self
            .edge
            .with_token(move |operations, _| certificates::renew(operations, &service, &csr))
            .await
            .map_err(|error| status_of(&error))?
            .outcome;
        let list =
            self.edge.ask(&self.edge.token, certificates::revocation_list).await.map_err(|error| status_of(&error))?;
        Ok(Response::new(v1::RenewResponse { chain: issued.chain, root: issued.root, revocation_lists: vec![list] }))
    }
}
