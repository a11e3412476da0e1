//! A WebSocket client that shows every frame, and sends whatever bytes it is given.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Server, soon};

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;
/// The bit of a frame that ends its message.
pub(crate) const FIN: u8 = 0x80;

/// A frame of the server's, or the end of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
    End,
}

#[derive(Debug)]
pub(crate) struct Ws {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

impl Ws {
    /// An open WebSocket to `target`.
    pub(crate) async fn open(address: SocketAddr, target: &str) -> Self {
        Self::begin(address, upgrade_request(target).as_bytes()).await
    }

    /// As [`Ws::open`], with a request that is there already.
    pub(crate) async fn begin(address: SocketAddr, request: &[u8]) -> Self {
        Self::request(TcpStream::connect(address).await.unwrap(), request).await
    }

    /// As [`Ws::open`], over a stream that is there already.
    pub(crate) async fn over(stream: TcpStream, target: &str) -> Self {
        Self::request(stream, upgrade_request(target).as_bytes()).await
    }

    async fn request(mut stream: TcpStream, request: &[u8]) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.write_all(request).await.unwrap();
        let mut ws = Self { stream, buffer: Vec::new() };
        let end = loop {
            if let Some(at) = ws.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(ws.fill().await, "no answer to the upgrade");
        };
        assert!(ws.buffer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&ws.buffer));
        ws.buffer.drain(..end);
        ws
    }

    /// To the WebSocket echo.
    pub(crate) async fn echo(server: &Server) -> Self {
        Self::open(server.address, "/echo").await
    }

    /// To the Engine.IO echo, with its OPEN packet behind it.
    pub(crate) async fn engine(server: &Server) -> Self {
        let mut ws = Self::open(server.address, "/engine.io/?EIO=4&transport=websocket").await;
        assert!(ws.next_text().await.starts_with("0{"));
        ws
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// As [`Ws::send`], to a server that may be closing already.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.send(&frame(FIN | TEXT, text.as_bytes())).await;
    }

    pub(crate) async fn binary(&mut self, data: &[u8]) {
        self.send(&frame(FIN | BINARY, data)).await;
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            if let Some((bytes, heard)) = read_frame(&self.buffer) {
                self.buffer.drain(..bytes);
                return heard;
            }
            if !self.fill().await {
                return Heard::End;
            }
        }
    }

    pub(crate) async fn next_text(&mut self) -> String {
        let heard = self.next().await;
        let Heard::Text(text) = heard else { panic!("expected text, not {heard:?}") };
        text
    }

    /// The close code, after which the stream must end.
    pub(crate) async fn next_close(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Heard::Close(code) => {
                    assert_eq!(self.next().await, Heard::End);
                    return code;
                }
                Heard::End => panic!("the stream ended without a close frame"),
                Heard::Text(_) | Heard::Binary(_) | Heard::Pong(_) => {}
            }
        }
    }

    /// The stream must end, whatever comes before.
    pub(crate) async fn ends(&mut self) {
        while self.next().await != Heard::End {}
    }

    async fn fill(&mut self) -> bool {
        let read = soon(self.stream.read_buf(&mut self.buffer)).await;
        read.is_ok_and(|count| count > 0)
    }
}

pub(crate) fn upgrade_request(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A masked frame whose first byte is `first`.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut out = announce(first, payload.len() as u64);
    out.extend_from_slice(&KEY);
    out.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    out
}

/// The head of a masked frame up to its key.
pub(crate) fn announce(first: u8, payload_bytes: u64) -> Vec<u8> {
    let mut out = vec![first];
    match payload_bytes {
        0..=125 => out.push(0x80 | payload_bytes as u8),
        126..=0xffff => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(payload_bytes as u16).to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&payload_bytes.to_be_bytes());
        }
    }
    out
}

/// The frame at the head of `buffer` and its length; a server neither masks nor fragments.
fn read_frame(buffer: &[u8]) -> Option<(usize, Heard)> {
    let (first, second) = (*buffer.first()?, *buffer.get(1)?);
    assert_eq!((first & 0xf0, second & 0x80), (FIN, 0), "a whole frame without a mask");
    let (start, length) = match second {
        126 => (4, usize::from(u16::from_be_bytes(*buffer.get(2..)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*buffer.get(2..)?.first_chunk()?) as usize),
        short => (2, usize::from(short)),
    };
    let payload = buffer.get(start..start + length)?;
    let heard = match first & 0x0f {
        TEXT => Heard::Text(String::from_utf8(payload.to_vec()).unwrap()),
        BINARY => Heard::Binary(payload.to_vec()),
        PONG => Heard::Pong(payload.to_vec()),
        CLOSE => Heard::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
        opcode => panic!("a server does not send opcode {opcode}"),
    };
    Some((start + length, heard))
}
