//! Calls to the registry. It holds ciphertext only: everything personal that passes here is a JWE or a signed request.

use km_api::{
    records::{
        BulkItem, BulkRecords, BulkResult, BulkResults, ErasedRecord, FoundRecords, OpenedRecords, PutRecord,
        RecordPage, RecordVersion, SignedRequest, StoredRecord,
    },
    registers::{RegisterList, RegistryStatus},
};
use km_domain::{RecordId, RegisterName, register::RegisterDefinition};

use crate::{
    ClientError, SealedBatch, TokenSource,
    http::{Answer, Call, Http},
};

/// Where the registry is and as whom to call it.
pub struct Registry<'a> {
    pub(crate) http: &'a Http,
    pub(crate) base: &'a str,
    pub(crate) tokens: &'a TokenSource,
}

impl Registry<'_> {
    /// Stores one sealed record: creates it, or follows the version before.
    pub async fn put(&self, register: &RegisterName, sealed: &SealedBatch) -> Result<StoredRecord, ClientError> {
        let [sent] = sealed.records.as_slice() else {
            return Err(ClientError::Setup("one record is put at a time; send many in bulk".into()));
        };
        let call = Call::put(self.url(register, &format!("/{}", sent.record)));
        let call = match sent.version {
            1 => call.header("if-none-match", "*"),
            version => call.header("if-match", format!("\"{}\"", version - 1)),
        };
        self.send(call.json(&PutRecord { jwe: sealed.jwe.clone() })?).await?.json()
    }

    /// Stores the records of one batch; the results are in their order.
    pub async fn put_bulk(
        &self,
        register: &RegisterName,
        sealed: &SealedBatch,
    ) -> Result<Vec<BulkResult>, ClientError> {
        let items = vec![BulkItem { jwe: sealed.jwe.clone(), records: sealed.records.clone() }];
        let call = Call::post(self.url(register, "")).json(&BulkRecords { items })?;
        let BulkResults { results } = self.send(call).await?.json()?;
        if sealed.records.iter().map(|sent| sent.record).eq(results.iter().map(|result| result.record)) {
            Ok(results)
        } else {
            Err(ClientError::NotProven("the results are not of the records that were sent"))
        }
    }

    /// Forwards a request to open these records. For a single one a refusal is the error.
    pub async fn open(
        &self,
        register: &RegisterName,
        records: &[RecordId],
        request: &str,
    ) -> Result<OpenedRecords, ClientError> {
        let path = match records {
            [record] => format!("/{record}/open"),
            _ => "/open".to_owned(),
        };
        self.send(Call::post(self.url(register, &path)).json(&signed(request))?).await?.json()
    }

    /// Forwards a request to find. What the registry names is not proven until it is opened.
    pub async fn find(&self, register: &RegisterName, request: &str) -> Result<Vec<RecordVersion>, ClientError> {
        let call = Call::post(self.url(register, "/find")).json(&signed(request))?;
        let FoundRecords { records } = self.send(call).await?.json()?;
        Ok(records)
    }

    /// Lists records by clear attributes; `cursor` is what the page before gave as `next`.
    pub async fn list(
        &self,
        register: &RegisterName,
        clear: &[(String, String)],
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<RecordPage, ClientError> {
        let mut query = format!("?limit={limit}");
        for (name, value) in clear {
            query.push_str(&format!("&clear.{}={}", url_encoded(name), url_encoded(value)));
        }
        if let Some(cursor) = cursor {
            query.push_str(&format!("&cursor={}", url_encoded(cursor)));
        }
        self.send(Call::get(self.url(register, &query))).await?.json()
    }

    /// Forwards a request to erase.
    pub async fn erase(
        &self,
        register: &RegisterName,
        record: RecordId,
        request: &str,
    ) -> Result<ErasedRecord, ClientError> {
        let erased: ErasedRecord =
            self.send(Call::delete(self.url(register, &format!("/{record}"))).json(&signed(request))?).await?.json()?;
        if erased.record == record { Ok(erased) } else { Err(ClientError::NotProven("it is about another record")) }
    }

    /// The registers in short.
    pub async fn registers(&self) -> Result<RegisterList, ClientError> {
        self.send(Call::get(format!("{}/v1/registers", self.base))).await?.json()
    }

    /// How the registry stands: what is left on which key version.
    pub async fn status(&self) -> Result<RegistryStatus, ClientError> {
        self.send(Call::get(format!("{}/v1/status", self.base))).await?.json()
    }

    /// The definition of a register. The key manager has its own copy and judges by it: a false one here opens nothing.
    pub async fn definition(&self, register: &RegisterName) -> Result<RegisterDefinition, ClientError> {
        let answer = self.send(Call::get(format!("{}/v1/registers/{register}", self.base))).await?;
        let text = std::str::from_utf8(&answer.body).unwrap_or_default();
        let definition = RegisterDefinition::from_json(text)
            .map_err(|_| ClientError::NotProven("the definition of the register is malformed"))?;
        if definition.register == *register {
            Ok(definition)
        } else {
            Err(ClientError::NotProven("the definition is of another register"))
        }
    }

    fn url(&self, register: &RegisterName, rest: &str) -> String {
        format!("{}/v1/registers/{register}/records{rest}", self.base)
    }

    async fn send(&self, call: Call<'_>) -> Result<Answer, ClientError> {
        let token = self.tokens.token().await?;
        self.http.send(call.token(&token)).await
    }
}

fn signed(request: &str) -> SignedRequest {
    SignedRequest { request: request.to_owned() }
}

/// Percent-encoded for a query (RFC 3986, section 2.1).
fn url_encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_escaped() {
        assert_eq!(url_encoded("ET-01&x= é"), "ET-01%26x%3D%20%C3%A9");
    }
}
