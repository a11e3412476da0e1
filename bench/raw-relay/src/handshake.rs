//! The HTTP upgrade: the least that a WebSocket client accepts.

use anyhow::{Context, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const MAX_HEAD_BYTES: usize = 8 * 1024;

/// Fixed by RFC 6455, section 1.3.
const ACCEPT_SALT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Answers the upgrade and returns the path that was asked for: the name of the pair.
///
/// # Errors
/// When the request is no WebSocket upgrade, is over 8 KiB, or has frames behind it before it is answered.
pub(crate) async fn accept(stream: &mut TcpStream) -> anyhow::Result<String> {
    let mut head = Vec::with_capacity(1024);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > MAX_HEAD_BYTES || stream.read_buf(&mut head).await? == 0 {
            bail!("no whole request head");
        }
    }
    let head = str::from_utf8(&head)?;
    let path = head.split_ascii_whitespace().nth(1).context("no path")?;
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim())
    });
    let digest =
        Sha1::new().chain_update(key.context("no Sec-WebSocket-Key")?).chain_update(ACCEPT_SALT).finalize();
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        BASE64_STANDARD.encode(digest)
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(path.to_owned())
}
