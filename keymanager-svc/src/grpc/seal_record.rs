//! `Records.SealRecord`, and the table of the service's methods.

use std::sync::Arc;

use km_domain::ServiceKind;
use km_operations::{
    log,
    records::{self, Item, SealResult},
};
use km_proto::v1::{self, records_server::Records, seal_result::Outcome};
use tonic::{Request, Response, Status};

use super::{
    Answer, Door,
    convert::{record_id, refusal, sealed_field, term},
    peer::status_of,
};

#[tonic::async_trait]
impl Records for Door {
    async fn seal_record(&self, request: Request<v1::SealRecordRequest>) -> Answer<v1::SealRecordResponse> {
        self.seal(request).await
    }

    async fn open_record(&self, request: Request<v1::OpenRecordRequest>) -> Answer<v1::OpenRecordResponse> {
        self.open(request).await
    }

    async fn index_terms(&self, request: Request<v1::IndexTermsRequest>) -> Answer<v1::IndexTermsResponse> {
        self.terms(request).await
    }

    async fn erase_record(&self, request: Request<v1::EraseRecordRequest>) -> Answer<v1::EraseRecordResponse> {
        self.erase(request).await
    }

    async fn recompute_terms(&self, request: Request<v1::RecomputeTermsRequest>) -> Answer<v1::RecomputeTermsResponse> {
        self.recompute(request).await
    }

    async fn rewrap_status(&self, request: Request<v1::RewrapStatusRequest>) -> Answer<v1::RewrapStatusResponse> {
        self.status(request).await
    }
}

impl Door {
    /// Whether a thread for the token is free and the log can be written: a registry that asks for nothing asks for this, and
    /// its health says it.
    async fn is_of_use(&self) -> Result<(), Status> {
        self.edge.with_token(|_, _| log::writable()).await.map(drop).map_err(|error| status_of(&error))
    }

    async fn seal(&self, request: Request<v1::SealRecordRequest>) -> Answer<v1::SealRecordResponse> {
        // A call that only settles is the registry's own; one that seals needs its caller.
        if request.get_ref().items.is_empty() {
            let both = self.identify(&request, &[ServiceKind::Registry]).await?;
            match request.get_ref().settlement.as_ref() {
                Some(settlement) => self.settle(&both.service, Some(settlement)).await?,
                None => self.is_of_use().await?,
            }
            let checkpoint = self.newest_checkpoint().await?;
            return Ok(Response::new(v1::SealRecordResponse { checkpoint, ..Default::default() }));
        }
        let (service, caller) = self.caller(&request).await?;
        let message = request.into_inner();
        self.settle(&service, message.settlement.as_ref()).await?;
        let items = message.items.into_iter().map(item).collect::<Result<Vec<_>, Status>>()?;
        let (register, sealing) = (message.register, caller.clone());
        let recorded = self
            .edge
            .with_token(move |operations, _| records::seal(operations, &sealing, &register, &items))
            .await
            .map_err(|error| status_of(&error))?;
        let sealed = Arc::new(recorded.outcome);
        let receipts = match recorded.placed {
            Some(placed) => {
                let sealed = Arc::clone(&sealed);
                let signed = self
                    .edge
                    .ask(&self.edge.token, move |operations| records::receipts(operations, &caller, &sealed, placed));
                signed.await.map_err(|error| status_of(&error))?
            }
            None => Vec::new(),
        };
        let log_index = recorded.placed.map_or(0, |placed| placed.log_index);
        let sealed = Arc::into_inner(sealed).ok_or_else(|| Status::internal("a seal is still in use"))?;
        Ok(Response::new(v1::SealRecordResponse {
            results: sealed.results.into_iter().map(|done| result(done, log_index)).collect(),
            checkpoint: self.newest_checkpoint().await?,
            receipts,
        }))
    }
}

fn item(item: v1::SealItem) -> Result<Item, Status> {
    let records = item
        .records
        .iter()
        .map(|named| Ok((record_id(&named.record)?, named.version)))
        .collect::<Result<Vec<_>, Status>>()?;
    Ok(Item { jwe: item.jwe, records })
}

fn result(done: SealResult, log_index: u64) -> v1::SealResult {
    let outcome = match done.outcome {
        Ok(seal) => Outcome::Seal(v1::Seal {
            version: seal.sealed.version,
            schema: seal.sealed.schema,
            fields: seal.sealed.fields.into_iter().map(sealed_field).collect(),
            terms: seal.terms.into_iter().map(term).collect(),
            clear: seal.sealed.clear,
            log_index,
        }),
        Err(refused) => Outcome::Refusal(refusal(refused)),
    };
    v1::SealResult { record: done.record.to_string(), outcome: Some(outcome) }
}
