//! `Records.RecomputeTerms`

use km_domain::ServiceKind;
use km_operations::records;
use km_proto::v1;
use tonic::{Request, Response, Status};

use super::{
    Answer, Door,
    convert::{refusal, sealed_record, term},
    peer::status_of,
};

impl Door {
    pub(super) async fn recompute(
        &self,
        request: Request<v1::RecomputeTermsRequest>,
    ) -> Answer<v1::RecomputeTermsResponse> {
        let service = self.identify(&request, &[ServiceKind::Registry]).await?.service;
        let message = request.into_inner();
        let supplied = message.records.into_iter().map(sealed_record).collect::<Result<Vec<_>, Status>>()?;
        let register = message.register;
        let done = self
            .edge
            .perform(&self.edge.jobs, move |operations, _| {
                records::recompute(operations, &service, &register, &supplied)
            })
            .await
            .map_err(|error| status_of(&error))?
            .outcome;
        let results = done
            .into_iter()
            .map(|done| {
                let (terms, refused) = match done.outcome {
                    Ok(terms) => (terms.into_iter().map(term).collect(), None),
                    Err(refused) => (Vec::new(), Some(refusal(refused))),
                };
                v1::RecomputedTerms { record: done.record.to_string(), version: done.version, terms, refusal: refused }
            })
            .collect();
        Ok(Response::new(v1::RecomputeTermsResponse { results, checkpoint: self.newest_checkpoint().await? }))
    }
}
