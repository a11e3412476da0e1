//! The first words on a WebSocket that is to take over from polling: `2probe`, `3probe`, `5`.
//!
//! As long as `5` has not come the session goes on polling, and if the probe fails it simply stays there.

use std::{future::poll_fn, pin::Pin};

use crate::{
    buffers,
    limits::Limits,
    packet::engine::{Packet, decode},
    websocket::{
        Stream,
        frame::{self, Decoder, Frame, Opcode},
    },
};

/// Bytes that may come before the upgrade is complete: two packets, and what follows them closely.
const MAX_BYTES: usize = 64 << 10;

type Heard = Option<(Box<Stream>, Vec<u8>)>;

#[derive(Default)]
pub(crate) struct Probe {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Probing(Pin<Box<dyn Future<Output = Heard> + Send>>),
    Probed(Pin<Box<dyn Future<Output = Heard> + Send>>),
}

/// What came of waiting.
pub(crate) enum Step {
    /// The probe was answered: polls must end now.
    Probed,
    /// The stream has taken over; with what was read from it already.
    Upgraded(Box<Stream>, Vec<u8>),
    /// The stream is gone, the session is not.
    Failed,
}

impl Probe {
    /// Starts with a new stream. A second one while a first is being probed is dropped, and so closed.
    pub(crate) fn begin(&mut self, stream: Box<Stream>, limits: &Limits) {
        if let State::Idle = self.state {
            let probing = hear(stream, Vec::new(), Packet::Ping("probe"), limits.clone());
            self.state = State::Probing(Box::pin(async move {
                let (mut stream, ahead) = probing.await?;
                let mut reply = Vec::new();
                frame::encode_header(&mut reply, Opcode::Text, 6);
                reply.extend_from_slice(b"3probe");
                write(&mut stream, &reply).await?;
                Some((stream, ahead))
            }));
        }
    }

    /// Whether a stream was probed and is about to take over.
    pub(crate) fn succeeded(&self) -> bool {
        matches!(self.state, State::Probed(_))
    }

    /// Waits for the next step; for ever if nothing is being probed. May be dropped and called again.
    pub(crate) async fn step(&mut self, limits: &Limits) -> Step {
        match &mut self.state {
            State::Idle => std::future::pending().await,
            State::Probing(probing) => match probing.await {
                Some((stream, ahead)) => {
                    self.state =
                        State::Probed(Box::pin(hear(stream, ahead, Packet::Upgrade, limits.clone())));
                    Step::Probed
                }
                None => self.fail(),
            },
            State::Probed(probed) => match probed.await {
                Some((stream, ahead)) => Step::Upgraded(stream, ahead),
                None => self.fail(),
            },
        }
    }

    fn fail(&mut self) -> Step {
        self.state = State::Idle;
        Step::Failed
    }
}

/// Waits for exactly this packet; None when anything else happens.
async fn hear(mut stream: Box<Stream>, mut ahead: Vec<u8>, wanted: Packet<'static>, limits: Limits) -> Heard {
    let mut decoder = Decoder::new(&limits);
    let deadline = tokio::time::Instant::now() + limits.upgrade_timeout;
    loop {
        if let Some((used, frame)) = decoder.next(&mut ahead).ok()? {
            let heard = matches!(frame, Frame::Text(text) if decode(text) == Some(wanted));
            ahead.drain(..used);
            return heard.then_some((stream, ahead));
        }
        let read = poll_fn(|cx| {
            buffers::with_read_buffer(|buffer| {
                let read = stream.poll_read(cx, buffer);
                read.map_ok(|count| {
                    ahead.extend_from_slice(&buffer[..count]);
                    count
                })
            })
        });
        let count = tokio::time::timeout_at(deadline, read).await.ok()?.ok()?;
        if count == 0 || ahead.len() > MAX_BYTES {
            return None;
        }
    }
}

async fn write(stream: &mut Stream, mut bytes: &[u8]) -> Option<()> {
    while !bytes.is_empty() {
        let count = poll_fn(|cx| stream.poll_write(cx, bytes)).await.ok()?;
        bytes = bytes.get(count..).filter(|_| count > 0)?;
    }
    poll_fn(|cx| stream.poll_flush(cx)).await.ok()
}
