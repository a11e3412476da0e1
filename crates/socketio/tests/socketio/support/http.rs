//! An HTTP client of one request a connection, and a client that polls.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Server, soon};

/// A request that was sent, and whose answer may be long in coming.
#[derive(Debug)]
pub(crate) struct Call(TcpStream);

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Call {
    /// Sends whatever `request` is.
    pub(crate) async fn begin(address: SocketAddr, request: &[u8]) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(request).await.unwrap();
        Self(stream)
    }

    pub(crate) async fn get(address: SocketAddr, target: &str) -> Self {
        Self::begin(address, head("GET", target, "").as_bytes()).await
    }

    pub(crate) async fn send(&mut self, more: &[u8]) {
        self.0.write_all(more).await.unwrap();
    }

    /// The server has asked for the body that was announced with `Expect: 100-continue`.
    pub(crate) async fn continues(&mut self) {
        const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut line = [0; CONTINUE.len()];
        soon(self.0.read_exact(&mut line)).await.unwrap();
        assert_eq!(line, CONTINUE);
    }

    pub(crate) async fn reply(mut self) -> Reply {
        let mut bytes = Vec::new();
        soon(self.0.read_to_end(&mut bytes)).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }
}

/// The head of a request whose connection ends with the answer. `headers` are whole lines.
pub(crate) fn head(method: &str, target: &str, headers: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n")
}

pub(crate) async fn get(address: SocketAddr, target: &str) -> Reply {
    Call::get(address, target).await.reply().await
}

pub(crate) async fn post(address: SocketAddr, target: &str, body: &[u8]) -> Reply {
    let length = format!("Content-Length: {}\r\n", body.len());
    let mut request = head("POST", target, &length).into_bytes();
    request.extend_from_slice(body);
    Call::begin(address, &request).await.reply().await
}

/// A client that polls.
#[derive(Debug)]
pub(crate) struct Poller {
    pub(crate) address: SocketAddr,
    pub(crate) sid: String,
    pub(crate) target: String,
}

impl Poller {
    /// Opens a session of the Engine.IO echo.
    pub(crate) async fn engine(server: &Server) -> Self {
        Self::open(server.address, "/engine.io/").await
    }

    /// Opens a session that speaks Socket.IO, in no namespace yet.
    pub(crate) async fn socketio(server: &Server) -> Self {
        Self::open(server.address, "/socket.io/").await
    }

    async fn open(address: SocketAddr, path: &str) -> Self {
        let target = format!("{path}?EIO=4&transport=polling");
        let reply = get(address, &target).await;
        assert_eq!(reply.status, 200);
        let sid = reply.body.split('"').nth(3).unwrap().to_owned();
        Self { address, target: format!("{target}&sid={sid}"), sid }
    }

    /// A GET that is under way.
    pub(crate) async fn begin_poll(&self) -> Call {
        Call::get(self.address, &self.target).await
    }

    /// The payload of the next poll.
    pub(crate) async fn poll(&self) -> String {
        let reply = get(self.address, &self.target).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    }

    /// The packets of as many polls as it takes to hear `count` of them, PINGs left out.
    pub(crate) async fn packets(&self, count: usize) -> Vec<String> {
        let mut packets: Vec<String> = Vec::new();
        while packets.len() < count {
            let payload = self.poll().await;
            packets.extend(payload.split('\x1e').filter(|packet| *packet != "2").map(str::to_owned));
        }
        packets
    }

    pub(crate) async fn post(&self, body: impl AsRef<[u8]>) -> Reply {
        post(self.address, &self.target, body.as_ref()).await
    }

    /// Posts what must be taken.
    pub(crate) async fn say(&self, body: impl AsRef<[u8]>) {
        let reply = self.post(body).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "ok"));
    }

    /// The next GET finds no session.
    pub(crate) async fn is_unknown(&self) {
        let reply = get(self.address, &self.target).await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (400, r#"{"code":1,"message":"Session ID unknown"}"#)
        );
    }
}
