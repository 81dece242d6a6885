//! `Log.Cosign`

use km_domain::ServiceKind;
use km_operations::log;
use km_proto::v1;
use tonic::{Request, Response};

use super::{Answer, Door, peer::status_of};

impl Door {
    pub(super) async fn keep_cosignature(&self, request: Request<v1::CosignRequest>) -> Answer<v1::CosignResponse> {
        let service = self.identify(&request, &[ServiceKind::Registry]).await?.service;
        let note = request.into_inner().note;
        let kept =
            self.edge.perform(&self.edge.plain, move |operations, _| log::cosign(operations, &service, &note)).await;
        match kept {
            // The same checkpoint was cosigned before.
            Ok(_) | Err(km_operations::OperationError::Conflict(_)) => Ok(Response::new(v1::CosignResponse {})),
            Err(error) => Err(status_of(&error)),
        }
    }
}
