//! One raw connection that speaks HTTP/1.1, or whatever it is told to.

use std::{fmt::Write as _, io, net::SocketAddr};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream},
    net::TcpStream,
};

use crate::{
    wait::within,
    wire::{Security, Wire},
};

/// A connection. It stays open from request to request, unless the server closes it.
#[derive(Debug)]
pub struct Http(BufStream<Wire>);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, with their names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl Http {
    /// Connects, in the clear.
    pub async fn connect(address: SocketAddr) -> Self {
        Self::connect_by(address, &Security::Clear).await
    }

    pub(crate) async fn connect_by(address: SocketAddr, security: &Security) -> Self {
        Self(BufStream::new(security.connect(address).await.expect("a connection")))
    }

    /// Sends bytes as they are. The server may close while they are on their way: the answer tells.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let sent = async {
            self.0.write_all(bytes.as_ref()).await?;
            self.0.flush().await
        };
        let _ = within("the server to read", sent).await;
    }

    /// Sends a request and reads the answer.
    pub async fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: meet.example\r\n");
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            let _ = write!(head, "content-length: {}\r\n", body.len());
        }
        self.send(format!("{head}\r\n{body}")).await;
        self.answer().await
    }

    /// As [`Http::ask`], with GET and without headers.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// Reads an answer.
    pub async fn answer(&mut self) -> Answer {
        within("an answer", self.read_answer()).await.expect("an answer, and not a close")
    }

    /// Reads an answer, or the close of the connection instead of it.
    pub async fn answer_or_close(&mut self) -> Option<Answer> {
        within("an answer or a close", self.read_answer()).await.ok()
    }

    /// As [`Http::answer_or_close`], for a caller with a deadline of its own.
    pub(crate) async fn answer_without_deadline(&mut self) -> Option<Answer> {
        self.read_answer().await.ok()
    }

    /// Whatever comes until the server closes, which it must.
    pub async fn until_close(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        // A reset is a close too.
        let _ = within("the server to close", self.0.read_to_end(&mut all)).await;
        all
    }

    /// The stream itself, of a connection in the clear.
    #[must_use]
    pub fn into_stream(self) -> TcpStream {
        match self.0.into_inner() {
            Wire::Clear(stream) => stream,
            Wire::Tls(_) => panic!("this connection is under TLS"),
        }
    }

    async fn read_answer(&mut self) -> io::Result<Answer> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.0.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: String::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        answer.body = String::from_utf8(body).expect("text");
        Ok(answer)
    }
}

impl Answer {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}
