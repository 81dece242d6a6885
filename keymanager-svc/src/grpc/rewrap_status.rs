//! `Records.RewrapStatus`

use km_domain::ServiceKind;
use km_operations::records;
use km_proto::v1;
use tonic::{Request, Response};

use super::{Answer, Door, peer::status_of};

impl Door {
    pub(super) async fn status(&self, request: Request<v1::RewrapStatusRequest>) -> Answer<v1::RewrapStatusResponse> {
        let service = self.identify(&request, &[ServiceKind::Registry]).await?.service;
        let status = self
            .edge
            .ask(&self.edge.plain, move |operations| records::status(operations, &service.tenant))
            .await
            .map_err(|error| status_of(&error))?;
        Ok(Response::new(v1::RewrapStatusResponse {
            key_encryption: status
                .key_encryption
                .into_iter()
                .map(|(version, state, subject_keys)| v1::VersionCount { version, state, subject_keys })
                .collect(),
            index: status
                .index
                .into_iter()
                .map(|index| v1::IndexVersions {
                    register: index.register.to_string(),
                    field: index.field.to_string(),
                    kind: index.kind.name().to_owned(),
                    current: index.current,
                    live: index.live,
                })
                .collect(),
            checkpoint: self.newest_checkpoint().await?,
        }))
    }
}
