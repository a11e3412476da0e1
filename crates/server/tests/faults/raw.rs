//! A WebSocket without the manners of a client.

use testkit::{Http, Program, within};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

pub(crate) const CONTINUATION: u8 = 0x00;
pub(crate) const TEXT: u8 = 0x01;
pub(crate) const FINAL: u8 = 0x80;
pub(crate) const PING: u8 = 0x89;

const HANDSHAKE: &str = "host: a\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
                         sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/// Whatever is sent, is sent as it is; nothing is read until it is asked for.
pub(crate) struct Raw(TcpStream);

impl Raw {
    /// A WebSocket that has not said anything yet.
    pub(crate) async fn open(program: &Program) -> Self {
        Self::open_path(program, "/socket.io/?EIO=4&transport=websocket").await
    }

    pub(crate) async fn open_path(program: &Program, path: &str) -> Self {
        let mut http = Http::connect(program.address()).await;
        http.send(format!("GET {path} HTTP/1.1\r\n{HANDSHAKE}")).await;
        let mut raw = Self(http.into_stream());
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within("the upgrade", raw.0.read_u8()).await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        raw
    }

    /// A client in the namespace `/`, with its id.
    pub(crate) async fn connected(program: &Program) -> (Self, String) {
        let mut raw = Self::open(program).await;
        raw.text("40").await;
        raw.frame().await.unwrap();
        let (_, connected) = raw.frame().await.unwrap();
        let id = String::from_utf8(connected).unwrap().split('"').nth(3).unwrap().to_owned();
        (raw, id)
    }

    /// A whole message of text.
    pub(crate) async fn text(&mut self, text: &str) {
        self.bytes(&framed(FINAL | TEXT, text.as_bytes())).await;
    }

    /// Sends bytes as they are. The server may close meanwhile.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        let _ = within("the server to read", self.0.write_all(bytes)).await;
    }

    /// The next frame; None at the end.
    pub(crate) async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let first = self.0.read_u8().await?;
            let length = match self.0.read_u8().await? {
                126 => u64::from(self.0.read_u16().await?),
                127 => self.0.read_u64().await?,
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.0.read_exact(&mut payload).await?;
            Ok::<_, std::io::Error>((first & 0x0f, payload))
        };
        within("a frame or the end", read).await.ok()
    }

    /// Reads to the end, which must come; the code of the close frame, if there was one.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some((opcode, payload)) = self.frame().await {
            if opcode == 8 {
                code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            }
        }
        code
    }

    /// Breaks off with a reset.
    pub(crate) fn reset(self) {
        self.0.set_zero_linger().unwrap();
    }
}

/// A frame as a client sends it, under a mask that changes nothing.
pub(crate) fn framed(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0xfe);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0xff);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
