//! Brings peers into their rooms, one after the other, with plain blocking sockets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, bail, ensure};

use crate::{
    frame::{self, Incoming},
    scenario::Flow,
};

/// How long a server may take for any one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Any mask will do here; the relayed frames have a mask of each peer's own.
const MASK: [u8; 4] = [0x17, 0xc4, 0x8e, 0x5b];
/// Messages that may come before an awaited one.
const MAX_SKIPPED: usize = 16;

/// A peer whose partner is in the room.
pub(crate) struct Joined {
    pub(crate) stream: TcpStream,
    /// Its peer id as the partner was told it.
    pub(crate) id: String,
    /// Bytes that were read already.
    pub(crate) rest: Vec<u8>,
}

/// Connects `peers` peers; those at `2n` and `2n + 1` are partners.
///
/// # Errors
/// When the server refuses, says something else than the flow asks, or takes longer than 20 seconds for it.
pub(crate) fn pairs(address: SocketAddr, flow: Flow, peers: usize) -> anyhow::Result<Vec<Joined>> {
    let mut joined = Vec::with_capacity(peers);
    for pair in 0..peers / 2 {
        let both = match flow {
            Flow::Raw => raw_pair(address, pair),
            Flow::Mesh => mesh_pair(address, pair),
        };
        joined.extend(both.with_context(|| format!("connecting pair {pair}"))?);
    }
    Ok(joined)
}

fn raw_pair(address: SocketAddr, pair: usize) -> anyhow::Result<[Joined; 2]> {
    let path = format!("/pair/{pair}");
    let peer = |id: &str| anyhow::Ok(Dialog::open(address, &path)?.joined(id.to_owned()));
    // As long as the ids of a Socket.IO server, for messages of the same size.
    Ok([peer("aaaaaaaaaaaaaaaaaaaa")?, peer("bbbbbbbbbbbbbbbbbbbb")?])
}

fn mesh_pair(address: SocketAddr, pair: usize) -> anyhow::Result<[Joined; 2]> {
    let (mut first, first_id) = mesh_peer(address)?;
    let (mut second, second_id) = mesh_peer(address)?;
    let join = format!(r#"42["join",{{"roomId":"bench-{pair}"}}]"#);

    first.say(&join)?;
    let peers = first.until(r#"42["existing-peers","#)?;
    ensure!(peers[1] == serde_json::json!([]), "a fresh room holds {peers}");
    second.say(&join)?;
    let peers = second.until(r#"42["existing-peers","#)?;
    ensure!(peers[1][0]["peerId"] == *first_id, "the room should hold {first_id}, not {peers}");
    let newcomer = first.until(r#"42["peer-joined","#)?;
    ensure!(newcomer[1]["peerId"] == *second_id, "{second_id} should have joined, not {newcomer}");

    Ok([first.joined(first_id), second.joined(second_id)])
}

fn mesh_peer(address: SocketAddr) -> anyhow::Result<(Dialog, String)> {
    let mut dialog = Dialog::open(address, "/socket.io/?EIO=4&transport=websocket")?;
    dialog.until("0")?;
    dialog.say("40")?;
    let connected = dialog.until("40")?;
    let id = connected["sid"].as_str().with_context(|| format!("no sid in {connected}"))?.to_owned();
    Ok((dialog, id))
}

/// One WebSocket, spoken to turn by turn.
struct Dialog {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Dialog {
    fn open(address: SocketAddr, path: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, ANSWER_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        let mut dialog = Self { stream, input: Vec::new() };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        dialog.stream.write_all(request.as_bytes())?;
        let end = loop {
            match dialog.input.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => dialog.read()?,
            }
        };
        let head = String::from_utf8_lossy(&dialog.input[..end]).into_owned();
        ensure!(head.starts_with("HTTP/1.1 101 "), "no upgrade: {head}");
        dialog.input.drain(..end);
        Ok(dialog)
    }

    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(self.stream.write_all(&frame::masked_text(text.as_bytes(), MASK))?)
    }

    /// The JSON of the first message that begins with `prefix`; pings are answered, refusals are errors. A prefix
    /// that ends in a comma is the start of an event.
    fn until(&mut self, prefix: &str) -> anyhow::Result<serde_json::Value> {
        for _ in 0..=MAX_SKIPPED {
            let text = self.text().with_context(|| format!("waiting for {prefix}"))?;
            if text.starts_with(prefix) {
                let json = text.trim_start_matches(|character: char| character.is_ascii_digit());
                return serde_json::from_str(json).with_context(|| format!("not JSON: {text}"));
            }
            match text.as_str() {
                "2" => self.say("3")?,
                refusal if refusal.starts_with("44") || refusal.starts_with(r#"42["error""#) => {
                    bail!("{refusal}")
                }
                _ => {}
            }
        }
        bail!("{MAX_SKIPPED} other messages instead of {prefix}")
    }

    fn text(&mut self) -> anyhow::Result<String> {
        loop {
            let taken = match frame::first(&self.input)? {
                Some((Incoming::Text(text), taken)) => Some((Some(str::from_utf8(text)?.to_owned()), taken)),
                Some((Incoming::Ping(payload), taken)) => {
                    self.stream.write_all(&frame::masked_pong(payload, MASK))?;
                    Some((None, taken))
                }
                None => None,
            };
            match taken {
                Some((text, taken)) => {
                    self.input.drain(..taken);
                    if let Some(text) = text {
                        return Ok(text);
                    }
                }
                None => self.read()?,
            }
        }
    }

    fn read(&mut self) -> anyhow::Result<()> {
        let mut chunk = [0; 4096];
        let read = self.stream.read(&mut chunk)?;
        ensure!(read > 0, "the server closed the connection");
        self.input.extend_from_slice(&chunk[..read]);
        Ok(())
    }

    fn joined(self, id: String) -> Joined {
        Joined { stream: self.stream, id, rest: self.input }
    }
}
