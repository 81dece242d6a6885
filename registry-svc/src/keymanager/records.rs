//! The RPCs about records. Each checks the checkpoint that came back before its answer goes on.

use km_proto::v1;

use super::{Behalf, KeyManager, KeyManagerError, Link};

impl KeyManager {
    /// Seals records as their senders made them. Answers one result a record and one receipt an item.
    ///
    /// # Errors
    /// As [`KeyManagerError`]; refusals of single records stand in the answer.
    pub async fn seal(
        &self,
        behalf: &Behalf,
        message: v1::SealRecordRequest,
    ) -> Result<(Vec<v1::SealResult>, Vec<String>), KeyManagerError> {
        let items = message.items.len();
        let asked: usize = message.items.iter().map(|item| item.records.len()).sum();
        let answer = self.link.records().seal_record(Link::request(behalf, message)?).await?.into_inner();
        self.witness.check(&self.link, answer.checkpoint).await?;
        if answer.results.len() != asked || answer.receipts.len() != items {
            return Err(KeyManagerError::Malformed("SealRecord must answer once for each record and item"));
        }
        Ok((answer.results, answer.receipts))
    }

    /// Opens sealed records for the reader who signed the request.
    ///
    /// # Errors
    /// As [`KeyManagerError`].
    pub async fn open(
        &self,
        behalf: &Behalf,
        message: v1::OpenRecordRequest,
    ) -> Result<(String, Vec<v1::OpenResult>), KeyManagerError> {
        let answer = self.link.records().open_record(Link::request(behalf, message)?).await?.into_inner();
        self.witness.check(&self.link, answer.checkpoint).await?;
        Ok((answer.answer, answer.results))
    }

    /// Index terms of a search value that only the key manager reads.
    ///
    /// # Errors
    /// As [`KeyManagerError`].
    pub async fn index_terms(
        &self,
        behalf: &Behalf,
        message: v1::IndexTermsRequest,
    ) -> Result<Vec<v1::IndexTerm>, KeyManagerError> {
        let answer = self.link.records().index_terms(Link::request(behalf, message)?).await?.into_inner();
        self.witness.check(&self.link, answer.checkpoint).await?;
        Ok(answer.terms)
    }

    /// Destroys the subject keys of records.
    ///
    /// # Errors
    /// As [`KeyManagerError`].
    pub async fn erase(
        &self,
        behalf: &Behalf,
        message: v1::EraseRecordRequest,
    ) -> Result<Vec<v1::EraseResult>, KeyManagerError> {
        let answer = self.link.records().erase_record(Link::request(behalf, message)?).await?.into_inner();
        self.witness.check(&self.link, answer.checkpoint).await?;
        Ok(answer.results)
    }

    /// Index terms of sealed records under the newest index keys.
    ///
    /// # Errors
    /// As [`KeyManagerError`].
    pub async fn recompute_terms(
        &self,
        behalf: &Behalf,
        message: v1::RecomputeTermsRequest,
    ) -> Result<Vec<v1::RecomputedTerms>, KeyManagerError> {
        let answer = self.link.records().recompute_terms(Link::request(behalf, message)?).await?.into_inner();
        self.witness.check(&self.link, answer.checkpoint).await?;
        Ok(answer.results)
    }

    /// Versions of key-encryption and index keys, and what is left on each.
    ///
    /// # Errors
    /// As [`KeyManagerError`].
    pub async fn rewrap_status(&self, behalf: &Behalf) -> Result<v1::RewrapStatusResponse, KeyManagerError> {
        let message = Link::request(behalf, v1::RewrapStatusRequest {})?;
        let answer = self.link.records().rewrap_status(message).await?.into_inner();
        self.witness.check(&self.link, answer.checkpoint.clone()).await?;
        Ok(answer)
    }
}
