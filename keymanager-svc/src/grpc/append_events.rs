//! `Log.AppendEvents` and `Log.ConsistencyProof`, and the table of the service's methods.

use km_domain::ServiceKind;
use km_operations::log::{self, RegistryEvent};
use km_proto::v1::{self, log_server::Log};
use tonic::{Request, Response};

use super::{Answer, Door, peer::status_of};

#[tonic::async_trait]
impl Log for Door {
    async fn append_events(&self, request: Request<v1::AppendEventsRequest>) -> Answer<v1::AppendEventsResponse> {
        self.append(request).await
    }

    async fn consistency_proof(
        &self,
        request: Request<v1::ConsistencyProofRequest>,
    ) -> Answer<v1::ConsistencyProofResponse> {
        self.identify(&request, &[ServiceKind::Registry]).await?;
        let v1::ConsistencyProofRequest { from, to } = request.into_inner();
        let hashes = self
            .edge
            .ask(&self.edge.plain, move |operations| log::consistency(operations, from, to))
            .await
            .map_err(|error| status_of(&error))?;
        let hashes = hashes.into_iter().map(|hash| hash.to_vec()).collect();
        Ok(Response::new(v1::ConsistencyProofResponse { hashes }))
    }

    async fn cosign(&self, request: Request<v1::CosignRequest>) -> Answer<v1::CosignResponse> {
        self.keep_cosignature(request).await
    }
}

impl Door {
    async fn append(&self, request: Request<v1::AppendEventsRequest>) -> Answer<v1::AppendEventsResponse> {
        let both = self.identify(&request, &[ServiceKind::Registry]).await?;
        let events: Vec<RegistryEvent> = request
            .into_inner()
            .events
            .into_iter()
            .map(|event| RegistryEvent {
                kind: event.kind,
                register: event.register,
                outcome: event.outcome,
                reason: event.reason,
                count: event.count,
                request_id: event.request_id,
                digest: event.digest,
            })
            .collect();
        let appended = self
            .edge
            .perform(&self.edge.plain, move |operations, _| {
                log::append(operations, &both.service, both.caller.as_ref(), &events)
            })
            .await
            .map_err(|error| status_of(&error))?;
        Ok(Response::new(v1::AppendEventsResponse {
            first_index: appended.placed.map_or(0, |placed| placed.log_index),
            checkpoint: self.newest_checkpoint().await?,
        }))
    }
}
