//! `Records.IndexTerms`

use km_operations::records;
use km_proto::v1;
use tonic::{Request, Response};

use super::{Answer, Door, convert::term, peer::status_of};

impl Door {
    pub(super) async fn terms(&self, request: Request<v1::IndexTermsRequest>) -> Answer<v1::IndexTermsResponse> {
        let (service, caller) = self.caller(&request).await?;
        let message = request.into_inner();
        self.settle(&service, message.settlement.as_ref()).await?;
        let (register, signed) = (message.register, message.request);
        let found = self
            .edge
            .with_token(move |operations, _| records::terms(operations, &caller, &register, &signed))
            .await
            .map_err(|error| status_of(&error))?
            .outcome;
        Ok(Response::new(v1::IndexTermsResponse {
            field: found.field.to_string(),
            terms: found.terms.into_iter().map(term).collect(),
            checkpoint: self.newest_checkpoint().await?,
        }))
    }
}
