//! As much HTTP/1.1 as it takes to register and to log in: a blocking connection that is used again.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, ensure};

/// How long a server may take for any one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// A connection.
pub(crate) struct Http {
    reader: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Http {
    /// # Errors
    /// When nobody listens there.
    pub(crate) fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(Self { reader: BufReader::new(stream), address })
    }

    /// Posts JSON and returns the status of the answer.
    ///
    /// # Errors
    /// When the connection ends, or what comes is no answer.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> anyhow::Result<u16> {
        let Self { reader, address } = self;
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        reader.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length) = (None, 0);
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(reader.read_line(&mut line)? > 0, "the connection ended");
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if status.is_none() {
                status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
                ensure!(status.is_some(), "no status line: {text}");
            } else if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().context("a length of an answer")?;
            }
        }
        ensure!(length <= MAX_ANSWER_BYTES, "an answer of {length} bytes");
        std::io::copy(&mut reader.by_ref().take(length as u64), &mut std::io::sink())?;
        status.context("an answer without a status")
    }
}
