//! `Records.EraseRecord`

use km_operations::records;
use km_proto::v1::{self, erase_result::Outcome};
use tonic::{Request, Response};

use super::{Answer, Door, convert::refusal, peer::status_of};

impl Door {
    pub(super) async fn erase(&self, request: Request<v1::EraseRecordRequest>) -> Answer<v1::EraseRecordResponse> {
        let (_, caller) = self.caller(&request).await?;
        let message = request.into_inner();
        let (register, signed) = (message.register, message.request);
        let erased = self
            .edge
            .with_token(move |operations, record| records::erase(operations, record, &caller, &register, &signed))
            .await
            .map_err(|error| status_of(&error))?
            .outcome;
        let results = erased
            .into_iter()
            .map(|erased| v1::EraseResult {
                record: erased.record.to_string(),
                outcome: Some(match erased.outcome {
                    Ok(certificate) => Outcome::Certificate(certificate),
                    Err(refused) => Outcome::Refusal(refusal(refused)),
                }),
            })
            .collect();
        Ok(Response::new(v1::EraseRecordResponse { results, checkpoint: self.newest_checkpoint().await? }))
    }
}
