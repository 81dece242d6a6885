//! Request bodies: read whole, up to a limit and within a time, into memory that is wiped.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use tokio_stream::StreamExt;
use zeroize::Zeroizing;

use crate::{
    limits::Limits,
    problem::{self, Problem},
};

/// A whole body. It may hold a plaintext, so it is wiped when dropped.
pub struct RawBody(pub Zeroizing<Vec<u8>>);

/// What [`RawBody`] holds a body to. A [`crate::Door`] puts it among the application's data.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit {
    pub bytes: usize,
    pub deadline: Duration,
}

impl From<&Limits> for BodyLimit {
    fn from(limits: &Limits) -> Self {
        Self { bytes: limits.max_body, deadline: limits.body_deadline() }
    }
}

impl FromRequest for RawBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request.app_data::<web::Data<BodyLimit>>().map_or(BodyLimit::from(&Limits::default()), |l| ***l);
        let announced = announced_length(request);
        let coded = request.headers().contains_key(header::CONTENT_ENCODING);
        let payload = payload.take();
        Box::pin(async move {
            if coded {
                let rule = "content coding is not accepted";
                return Err(Problem::new(&problem::UNSUPPORTED_MEDIA_TYPE).field("Content-Encoding", rule));
            }
            match tokio::time::timeout(limit.deadline, read(payload, announced, limit.bytes)).await {
                Ok(body) => body.map(Self),
                Err(_) => Err(Problem::new(&problem::BODY_TOO_SLOW)),
            }
        })
    }
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Memory taken on the word of a header alone.
const FIRST_ROOM: usize = 64 * 1024;

async fn read(mut payload: Payload, announced: Option<usize>, most: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let too_large = || Problem::new(&problem::BODY_TOO_LARGE).field("body", format!("must be at most {most} bytes"));
    if announced.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(0).min(FIRST_ROOM)));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::new(&problem::MALFORMED_REQUEST).cause(error))?;
        if body.len() + chunk.len() > most {
            return Err(too_large());
        }
        grow(&mut body, chunk.len());
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Makes room by moving to new memory and wiping the old, which growing in place would not do.
fn grow(body: &mut Zeroizing<Vec<u8>>, more: usize) {
    if body.len() + more > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity((body.len() + more).max(body.capacity() * 2)));
        larger.extend_from_slice(body);
        *body = larger;
    }
}
