//! Calls of the MOSIP dialect, as its clients make them, and what came back.

use std::io::Write;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::call::{Answer, Client, https};
use crate::{System, base64url};

/// A moment as the clients of the dialect write it.
pub const TIME: &str = "2026-11-22T09:30:00.000Z";

impl System {
    /// The dialect's listener, without a token.
    pub fn mosip_anyone(&self) -> Client {
        let address = self.addresses().mosip.clone().expect("the dialect is served");
        Client::new(https(&self.public("ca.pem"), None), &address)
    }

    /// The dialect's listener, as this identity, with the token in the cookie.
    pub fn mosip(&self, who: &str) -> Client {
        let cookie = format!("Authorization={}", self.token(who));
        self.mosip_anyone().with_header("cookie", &cookie)
    }

    /// The dialect's listener without TLS, without a token.
    pub fn mosip_http(&self) -> Client {
        let address = self.addresses().mosip_http.clone().expect("the dialect is served without TLS");
        Client::new(https(&self.public("ca.pem"), None), &address)
    }

    /// A call of `encrypt` over the listener without TLS that announces so many bytes of a body and sends these. The connection is open.
    pub fn unfinished_encrypt(&self, token: &str, announced: usize, sent: &str) -> TcpStream {
        let base = self.mosip_http().base().to_owned();
        let address = base.trim_start_matches("http://").split('/').next().expect("an address");
        let mut stream = TcpStream::connect(address).expect("a connection");
        let head = [
            "POST /v1/keymanager/encrypt HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n",
            &format!("authorization: Bearer {token}\r\ncontent-length: {announced}\r\n\r\n{sent}"),
        ];
        stream.write_all(head.concat().as_bytes()).expect("a head");
        stream
    }
}

impl Client {
    /// Sends a request in the envelope that OpenG2P's clients put around it.
    #[track_caller]
    pub fn ask_mosip(&self, path: &str, request: Value) -> Answer {
        self.post(path, enveloped(request))
    }
}

/// The envelope that OpenG2P's clients put around a request.
pub fn enveloped(request: Value) -> Value {
    json!({"id": "string", "version": "string", "requesttime": TIME, "metadata": {}, "request": request})
}

/// A request of `encrypt` without salt and AAD.
pub fn to_encrypt(application: &str, reference: &str, data: impl AsRef<[u8]>) -> Value {
    json!({"applicationId": application, "referenceId": reference, "timeStamp": TIME, "data": base64url(data)})
}

/// A request of `decrypt` of what `encrypt` answered, without salt and AAD.
pub fn to_decrypt(application: &str, reference: &str, data: &str) -> Value {
    json!({"applicationId": application, "referenceId": reference, "timeStamp": TIME, "data": data})
}

impl Answer {
    /// The response of a call that must have succeeded: HTTP 200, no errors.
    #[track_caller]
    pub fn response(self) -> Value {
        assert_eq!((self.status, &self.body["errors"]), (200, &Value::Null), "{}", self.text());
        assert!(self.body["response"].is_object(), "{}", self.text());
        self.body["response"].clone()
    }

    /// The message of the one error that a call must have been refused with, in the envelope and with this status.
    #[track_caller]
    pub fn refused_with(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        self.is_envelope();
        assert_eq!(self.body["response"], Value::Null, "{}", self.text());
        let errors = self.body["errors"].as_array().expect("errors");
        assert_eq!((errors.len(), errors[0]["errorCode"].as_str()), (1, Some(code)), "{}", self.text());
        errors[0]["message"].as_str().expect("a message").to_owned()
    }

    /// Every member of the envelope, and no other.
    #[track_caller]
    pub fn is_envelope(&self) {
        let members: Vec<&str> = self.body.as_object().expect("an envelope").keys().map(String::as_str).collect();
        assert_eq!(members, ["errors", "id", "metadata", "response", "responsetime", "version"], "{}", self.text());
        let time = self.body["responsetime"].as_str().expect("a time");
        assert!(time.len() == 24 && time.ends_with('Z') && time.as_bytes()[19] == b'.', "{time}");
    }
}
