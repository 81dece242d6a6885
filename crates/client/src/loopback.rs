//! The port on 127.0.0.1 to which a browser comes back after a login (RFC 8252, section 7.3).

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::ClientError;

const PATH: &str = "/callback";
/// How long a person may take to log in.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a connection may take to say what it wants.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);
const MAX_REQUEST: usize = 16 * 1024;

/// An open port.
pub(crate) struct Loopback {
    listener: TcpListener,
    port: u16,
}

/// What the browser brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Back {
    /// Absent: the issuer refused.
    pub code: Option<String>,
    /// RFC 9207.
    pub issuer: Option<String>,
}

impl Loopback {
    pub async fn open() -> Result<Self, ClientError> {
        let wrong = |error: std::io::Error| ClientError::Setup(format!("no port on 127.0.0.1 can be opened: {error}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(wrong)?;
        let port = listener.local_addr().map_err(wrong)?.port();
        Ok(Self { listener, port })
    }

    /// The redirect URI.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits for the browser with this state; whatever else connects is turned away.
    pub async fn wait(&self, state: &str) -> Result<Back, ClientError> {
        let expired = |_| ClientError::Unavailable("nobody logged in".into());
        timeout(PATIENCE, async {
            loop {
                let Ok((mut stream, _)) = self.listener.accept().await else { continue };
                let request = timeout(REQUEST_PATIENCE, read_head(&mut stream)).await.ok().flatten();
                let back = request.as_deref().and_then(|head| parse(head, state));
                let (status, text) = match &back {
                    Some(Back { code: Some(_), .. }) => ("200 OK", "You are logged in. Go back to the terminal."),
                    Some(Back { code: None, .. }) => ("200 OK", "The login was refused. Go back to the terminal."),
                    None => ("404 Not Found", "Nothing is here."),
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
                     connection: close\r\n\r\n{text}",
                    text.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
                if let Some(back) = back {
                    return back;
                }
            }
        })
        .await
        .map_err(expired)
    }
}

async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > MAX_REQUEST || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    String::from_utf8(head).ok()
}

/// What a request brings, if it is the one that is waited for.
fn parse(head: &str, state: &str) -> Option<Back> {
    let target = head.lines().next()?.strip_prefix("GET ")?.split(' ').next()?;
    let (path, query) = target.split_once('?')?;
    let member = |name: &str| {
        let found = query.split('&').filter_map(|member| member.split_once('=')).find(|(key, _)| *key == name);
        found.and_then(|(_, value)| decoded(value))
    };
    if path != PATH || member("state").as_deref() != Some(state) {
        return None;
    }
    Some(Back { code: member("code"), issuer: member("iss") })
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_awaited_browser_is_heard() {
        let head = "GET /callback?code=a%2Fb&state=s&iss=https%3A%2F%2Fi HTTP/1.1\r\nhost: x\r\n\r\n";
        let back = Back { code: Some("a/b".into()), issuer: Some("https://i".into()) };
        assert_eq!(parse(head, "s"), Some(back));
        assert_eq!(parse(head, "other"), None);
        assert_eq!(parse("GET /favicon.ico HTTP/1.1\r\n\r\n", "s"), None);
        let refused = Back { code: None, issuer: None };
        assert_eq!(parse("GET /callback?error=access_denied&state=s HTTP/1.1\r\n\r\n", "s"), Some(refused));
    }
}
