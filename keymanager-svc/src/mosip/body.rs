//! Request bodies of the dialect: whole documents come in one, so the limit is high and few large ones are in work at a time.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest,
    body::{BodySize, MessageBody},
    http::header,
    web::{Bytes, Payload},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::StreamExt;
use zeroize::Zeroizing;

use super::error::Refusal;

/// From this size on a body needs one of the few places.
pub const LARGE: usize = 1024 * 1024;

/// How bodies are taken in.
#[derive(Debug, Clone)]
pub struct Bodies {
    /// Bytes of a body.
    pub most: usize,
    /// For a body to arrive whole.
    pub deadline: Duration,
    /// Places for large bodies.
    pub places: Arc<Semaphore>,
    /// For a place to become free.
    pub patience: Duration,
}

/// A whole body, wiped when dropped, with its place if it is large. The place is free again when the answer has gone out.
pub struct Body {
    pub bytes: Zeroizing<Vec<u8>>,
    pub place: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// Reads a body whole: a large one only where documents are expected, and it waits for a place before its bytes are read.
    ///
    /// # Errors
    /// Too long; not whole in time; no place in time.
    pub async fn read(&self, request: &HttpRequest, payload: Payload, takes_documents: bool) -> Result<Body, Refusal> {
        let most = if takes_documents { self.most } else { self.most.min(LARGE) };
        let announced = announced_length(request);
        if announced.is_some_and(|length| length > most) {
            return Err(Refusal::too_large(most));
        }
        if request.headers().contains_key(header::CONTENT_ENCODING) {
            return Err(Refusal::invalid(vec!["Content-Encoding is not accepted".to_owned()]));
        }
        let is_large = announced.is_some_and(|length| length > LARGE);
        let place = if is_large { Some(self.place().await?) } else { None };
        let reading = self.read_all(payload, most, announced.unwrap_or_default(), place);
        tokio::time::timeout(self.deadline, reading).await.map_err(|_| Refusal::not_received())?
    }

    async fn read_all(
        &self,
        mut payload: Payload,
        most: usize,
        announced: usize,
        mut place: Option<OwnedSemaphorePermit>,
    ) -> Result<Body, Refusal> {
        // What a header alone announces is taken only where there is a place for it: then once, without growing.
        let mut bytes = Zeroizing::new(Vec::with_capacity(announced));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Refusal::not_received())?;
            if bytes.len() + chunk.len() > most {
                return Err(Refusal::too_large(most));
            }
            if place.is_none() && bytes.len() + chunk.len() > LARGE {
                place = Some(self.place().await?);
            }
            grow(&mut bytes, chunk.len());
            bytes.extend_from_slice(&chunk);
        }
        Ok(Body { bytes, place })
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let waiting = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.patience, waiting).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Refusal::busy()),
        }
    }
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Makes room by moving to new memory and wiping the old, which growing in place would not do.
fn grow(bytes: &mut Zeroizing<Vec<u8>>, more: usize) {
    if bytes.len() + more > bytes.capacity() {
        let room = (bytes.len() + more).max(bytes.capacity().saturating_mul(3) / 2);
        let mut larger = Zeroizing::new(Vec::with_capacity(room));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
}

/// Bytes of an answer that are given to the server at a time.
const SLICE: usize = 64 * 1024;

/// An answer that holds the place of its request until it has gone out.
pub struct Held {
    pub bytes: Option<Bytes>,
    pub _place: Option<OwnedSemaphorePermit>,
}

impl MessageBody for Held {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
    }

    /// In slices: the server copies what it is given before it sends it.
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Some(mut left) = self.bytes.take() else { return Poll::Ready(None) };
        let slice = left.split_to(left.len().min(SLICE));
        self.bytes = Some(left).filter(|left| !left.is_empty());
        Poll::Ready(Some(Ok(slice)))
    }
}
