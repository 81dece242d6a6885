//! `Records.OpenRecord`

use km_operations::records;
use km_proto::v1;
use tonic::{Request, Response, Status};

use super::{
    Answer, Door,
    convert::{refusal, sealed_record},
    peer::status_of,
};

impl Door {
    pub(super) async fn open(&self, request: Request<v1::OpenRecordRequest>) -> Answer<v1::OpenRecordResponse> {
        let (service, caller) = self.caller(&request).await?;
        let message = request.into_inner();
        self.settle(&service, message.settlement.as_ref()).await?;
        let supplied = message.records.into_iter().map(sealed_record).collect::<Result<Vec<_>, Status>>()?;
        let (register, signed, opening) = (message.register, message.request, caller.clone());
        let recorded = self
            .edge
            .with_token(move |operations, _| records::open(operations, &opening, &register, &signed, &supplied))
            .await
            .map_err(|error| status_of(&error))?;
        let placed = recorded.placed.ok_or_else(|| Status::internal("an opening without a record"))?;
        let opened = recorded.outcome;
        let answer = self
            .edge
            .ask(&self.edge.token, move |operations| records::answer(operations, &caller, &opened, placed))
            .await
            .map_err(|error| status_of(&error))?;
        let results = answer
            .outcomes
            .into_iter()
            .map(|outcome| v1::OpenResult {
                record: outcome.record.to_string(),
                opened: outcome.refusal.is_none(),
                refusal: outcome.refusal.map(refusal),
            })
            .collect();
        Ok(Response::new(v1::OpenRecordResponse {
            answer: answer.jwe,
            results,
            checkpoint: self.newest_checkpoint().await?,
        }))
    }
}
