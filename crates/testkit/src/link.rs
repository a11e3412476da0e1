//! The way of a client's packets, by one transport or the other.
//!
//! Reading goes on whether the test listens or not, as in a browser: PING is answered, and what comes is kept.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _, stream::SplitStream};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinSet,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, Utf8Bytes,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::{
    http::Http,
    wire::{Security, Wire},
};

/// Both directions, and the tasks that serve them. They end when it is dropped, without a word to the server.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) outgoing: UnboundedSender<Outgoing>,
    pub(crate) incoming: UnboundedReceiver<Incoming>,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
pub(crate) enum Outgoing {
    /// An Engine.IO packet.
    Packet(String),
    /// The end, in the words of the transport.
    Close,
    /// The other side has closed: nothing goes out any more.
    Closed,
}

#[derive(Debug)]
pub(crate) enum Incoming {
    /// An Engine.IO packet other than PING.
    Packet(String),
    /// The end. Over WebSocket with the code of the close frame, if there was one.
    Closed(Option<u16>),
}

impl Link {
    pub(crate) fn over_websocket(socket: WebSocketStream<Wire>) -> Self {
        let (outgoing, mut to_send) = mpsc::unbounded_channel();
        let (heard, incoming) = mpsc::unbounded_channel();
        let (mut sink, stream) = socket.split();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Some(first) = to_send.recv().await {
                // What waits already goes out with one write.
                let mut next = Some(first);
                while let Some(outgoing) = next {
                    let message = match outgoing {
                        Outgoing::Packet(packet) => Message::text(packet),
                        Outgoing::Close => Message::Close(Some(CloseFrame {
                            code: CloseCode::Normal,
                            reason: Utf8Bytes::default(),
                        })),
                        Outgoing::Closed => return,
                    };
                    if sink.feed(message).await.is_err() {
                        return;
                    }
                    next = to_send.try_recv().ok();
                }
                if sink.flush().await.is_err() {
                    return;
                }
            }
        });
        tasks.spawn(read_websocket(stream, heard, outgoing.clone()));
        Self { outgoing, incoming, _tasks: tasks }
    }

    /// A session that was opened by polling, under this path with its `sid`.
    pub(crate) fn over_polling(address: SocketAddr, security: &Security, path: String) -> Self {
        let (outgoing, to_send) = mpsc::unbounded_channel();
        let (heard, incoming) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(post((address, security.clone()), path.clone(), to_send));
        tasks.spawn(poll((address, security.clone()), path, heard, outgoing.clone()));
        Self { outgoing, incoming, _tasks: tasks }
    }
}

async fn read_websocket(
    mut stream: SplitStream<WebSocketStream<Wire>>,
    heard: UnboundedSender<Incoming>,
    outgoing: UnboundedSender<Outgoing>,
) {
    let mut code = None;
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => take(text.as_str(), &heard, &outgoing),
            Message::Close(frame) => code = frame.map(|frame| frame.code.into()),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
    let _ = outgoing.send(Outgoing::Closed);
    let _ = heard.send(Incoming::Closed(code));
}

async fn post(
    (address, security): (SocketAddr, Security),
    path: String,
    mut to_send: UnboundedReceiver<Outgoing>,
) {
    let mut http = Http::connect_by(address, &security).await;
    while let Some(first) = to_send.recv().await {
        let mut packets = Vec::new();
        let mut next = Some(first);
        while let Some(outgoing) = next {
            match outgoing {
                Outgoing::Packet(packet) => packets.push(packet),
                Outgoing::Close => packets.push("1".to_owned()),
                Outgoing::Closed => return,
            }
            next = to_send.try_recv().ok();
        }
        // The end of the session is told by the poll.
        if http.ask("POST", &path, &[], &packets.join("\x1e")).await.status != 200 {
            return;
        }
    }
}

async fn poll(
    (address, security): (SocketAddr, Security),
    path: String,
    heard: UnboundedSender<Incoming>,
    outgoing: UnboundedSender<Outgoing>,
) {
    let mut http = Http::connect_by(address, &security).await;
    loop {
        http.send(format!("GET {path} HTTP/1.1\r\nhost: meet.example\r\n\r\n")).await;
        // A poll waits for as long as there is nothing to say: its deadline is that of whoever waits for a packet.
        let answer = http.answer_without_deadline().await;
        let Some(answer) = answer.filter(|answer| answer.status == 200) else { break };
        for packet in answer.body.split('\x1e') {
            if packet == "1" {
                let _ = heard.send(Incoming::Closed(None));
                return;
            }
            take(packet, &heard, &outgoing);
        }
    }
    let _ = heard.send(Incoming::Closed(None));
}

/// Answers a PING, and hands on anything else.
fn take(packet: &str, heard: &UnboundedSender<Incoming>, outgoing: &UnboundedSender<Outgoing>) {
    // A test that does not listen any more has what it wants.
    let _ = match packet {
        "2" => outgoing.send(Outgoing::Packet("3".to_owned())).map_err(drop),
        other => heard.send(Incoming::Packet(other.to_owned())).map_err(drop),
    };
}
