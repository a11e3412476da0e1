//! Endpoints that send back what they get: over Engine.IO, and over a bare WebSocket.

use std::{
    fmt,
    task::{Context, Poll},
    time::Instant,
};

use http::request::Parts;
use socketio::{
    Closed, Flow, Reason, Rejection,
    endpoint::{Endpoint, Message},
    engine::{Application, Sender},
    websocket,
};
use tokio::sync::mpsc::UnboundedSender;

use super::Seen;

type Back = Box<dyn FnMut(Message<'_>) -> Result<(), Closed> + Send>;

pub(crate) struct Echo {
    back: Back,
    tell: UnboundedSender<Seen>,
}

impl Endpoint for Echo {
    fn receive(&mut self, _: Instant, message: Message<'_>) -> Result<Flow, Reason> {
        (self.back)(message).map(|()| Flow::Continue).map_err(|_| Reason::SlowConsumer)
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        Poll::Ready(Ok(()))
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn timeout(&mut self, _: Instant) -> Result<(), Reason> {
        Ok(())
    }

    fn closed(&mut self, reason: Reason) {
        let _ = self.tell.send(Seen::Closed(reason));
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echo")
    }
}

/// Engine.IO sessions that echo.
#[derive(Debug)]
pub(crate) struct EngineEcho(pub(crate) UnboundedSender<Seen>);

impl Application for EngineEcho {
    type Connection = Echo;

    fn open(&self, _: &Parts, sender: Sender, _: Instant) -> Result<Echo, Rejection> {
        let back: Back = Box::new(move |message| match message {
            Message::Text(text) => sender.text(text),
            Message::Binary(data) => sender.binary(data),
        });
        Ok(Echo { back, tell: self.0.clone() })
    }
}

/// A bare WebSocket that echoes.
pub(crate) fn plain_echo(sender: websocket::Sender, tell: UnboundedSender<Seen>) -> Echo {
    let back: Back = Box::new(move |message| match message {
        Message::Text(text) => sender.text(text),
        Message::Binary(data) => sender.binary(data),
    });
    Echo { back, tell }
}
