//! The limit that a signaling server is measured against: a WebSocket relay with no protocol above it.
//!
//! Two clients that ask for the same path are a pair; what one sends, the other gets, as a text frame with the
//! same payload. Nothing is parsed, looked up or limited, so what this process spends is what the kernel, the
//! runtime and RFC 6455 cost: no server that also speaks Socket.IO can be expected to spend less.
//!
//! One thread, one task for each connection, one read into a buffer that all connections share, and one write
//! for all frames of that read. It is a measuring instrument, not a server to put on a network: it answers no
//! PING and knows no fragments.
//!
//! `PORT` and `HOST` in the environment say where it listens (default: any free port of 127.0.0.1); it prints
//! `http://HOST:PORT` once it does.

mod frame;
mod handshake;
mod relay;

use std::io::Write;

use anyhow::Context;
use tokio::{net::TcpListener, runtime, task::LocalSet};

fn main() -> anyhow::Result<()> {
    if std::env::args().any(|argument| argument == "--version") {
        writeln!(std::io::stdout(), "raw-relay {}", env!("CARGO_PKG_VERSION"))?;
        return Ok(());
    }
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    LocalSet::new().block_on(&runtime, async {
        let address = format!("{}:{}", setting("HOST", "127.0.0.1"), setting("PORT", "0"));
        let listener =
            TcpListener::bind(&address).await.with_context(|| format!("cannot listen on {address}"))?;
        writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
        relay::serve(listener).await
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "two settings, documented above; there is no configuration table here"
)]
fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}
