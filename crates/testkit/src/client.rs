//! A Socket.IO client that does as it is told, and keeps what it hears.

use std::{
    collections::VecDeque,
    fmt::Display,
    net::{IpAddr, SocketAddr},
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde::de::DeserializeOwned;
use serde_json::{Value, json, value::RawValue};
use tokio::{net::TcpSocket, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};

use crate::{
    authority::Authority,
    http::{Answer, Http},
    link::{Incoming, Link, Outgoing},
    wait::{DEADLINE, within},
    wire::{Security, Wire},
};

/// How to connect; by default over WebSocket to `/`, as a guest who names nobody.
#[derive(Debug, Clone)]
#[must_use]
pub struct Dial {
    address: SocketAddr,
    namespace: String,
    auth: String,
    query: String,
    headers: Vec<(&'static str, String)>,
    from: Option<IpAddr>,
    transport: Transport,
    security: Security,
}

#[derive(Debug, Clone, Copy)]
enum Transport {
    WebSocket,
    Polling,
    /// Polling first.
    Upgrade,
}

/// A client in a namespace.
#[derive(Debug)]
pub struct Client {
    name: String,
    /// As packets carry it: nothing for `/`, else the name and a comma.
    prefix: String,
    id: String,
    link: Link,
    /// What came and was not asked for yet.
    heard: VecDeque<Heard>,
    next_ack: u64,
}

/// What a client hears.
#[derive(Debug)]
pub enum Heard {
    /// It is in the namespace.
    Connected(Value),
    /// It is not let into the namespace.
    Refused(Value),
    /// An event.
    Event {
        /// Its name.
        name: String,
        /// Its argument as it was written.
        payload: Box<RawValue>,
    },
    /// The answer to what it asked.
    Ack {
        /// Under which number.
        id: u64,
        /// The answer as it was written.
        payload: Box<RawValue>,
    },
    /// It was sent out of the namespace.
    Left,
    /// The connection is closed; over WebSocket, with this code.
    Closed(Option<u16>),
}

/// Why one is not connected.
#[derive(Debug)]
pub enum Refused {
    /// By an answer to the handshake's request.
    Http(Answer),
    /// By a CONNECT_ERROR, whose payload this is.
    Connect(Value),
    /// The server closed the connection.
    Closed(Option<u16>),
}

impl Dial {
    /// A client of the server at this address.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            namespace: "/".to_owned(),
            auth: String::new(),
            query: String::new(),
            headers: Vec::new(),
            from: None,
            transport: Transport::WebSocket,
            security: Security::Clear,
        }
    }

    /// Under TLS, to a server that this authority vouches for.
    pub fn tls(self, authority: &Authority) -> Self {
        self.secured(authority.security())
    }

    pub(crate) fn secured(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// Into this namespace.
    pub fn namespace(mut self, name: &str) -> Self {
        name.clone_into(&mut self.namespace);
        self
    }

    /// With these credentials.
    pub fn auth(mut self, auth: impl Display) -> Self {
        self.auth = auth.to_string();
        self
    }

    /// With this token, and no other credentials.
    pub fn token(self, token: &str) -> Self {
        self.auth(json!({ "token": token }))
    }

    /// With this in the query, behind what must be there.
    pub fn query(mut self, query: &str) -> Self {
        self.query = format!("&{query}");
        self
    }

    /// With a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// From this address of the machine's own.
    pub fn from(mut self, address: impl Into<IpAddr>) -> Self {
        self.from = Some(address.into());
        self
    }

    /// By long-polling.
    pub fn polling(mut self) -> Self {
        self.transport = Transport::Polling;
        self
    }

    /// By long-polling, and over WebSocket as soon as the session is open, as browsers do.
    pub fn upgrade(mut self) -> Self {
        self.transport = Transport::Upgrade;
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// How it was refused.
    pub async fn connect(self, name: &str) -> Result<Client, Refused> {
        let link = match self.transport {
            Transport::WebSocket => Link::over_websocket(self.websocket("").await?),
            Transport::Polling => {
                let path = format!("{}&sid={}", self.polling_path(), self.open().await?);
                Link::over_polling(self.address, &self.security, path)
            }
            Transport::Upgrade => {
                let sid = self.open().await?;
                Link::over_websocket(probed(self.websocket(&format!("&sid={sid}")).await?).await)
            }
        };
        let prefix = if self.namespace == "/" { String::new() } else { format!("{},", self.namespace) };
        let mut client = Client {
            name: name.to_owned(),
            prefix,
            id: String::new(),
            link,
            heard: VecDeque::new(),
            next_ack: 0,
        };
        client.send(format!("40{}{}", client.prefix, self.auth));
        match client.next().await {
            Heard::Connected(payload) => {
                payload["sid"].as_str().expect("an id").clone_into(&mut client.id);
                Ok(client)
            }
            Heard::Refused(payload) => Err(Refused::Connect(payload)),
            Heard::Closed(code) => Err(Refused::Closed(code)),
            other => panic!("{name} connects, and hears {other:?}"),
        }
    }

    async fn websocket(&self, sid: &str) -> Result<WebSocketStream<Wire>, Refused> {
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket{}{sid}", self.address, self.query);
        let mut request = url.into_client_request().expect("a URL");
        for (name, value) in &self.headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a header's value"));
        }
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(from) = self.from {
            socket.bind(SocketAddr::new(from, 0)).expect("an address of this machine");
        }
        let stream = within("a connection", socket.connect(self.address)).await.expect("a connection");
        stream.set_nodelay(true).expect("an option of sockets");
        let stream = self.security.over(stream).await.expect("a TLS session");
        match within("a WebSocket", client_async(request, stream)).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(response)) => {
                let header = |(name, value): (&_, &HeaderValue)| {
                    (format!("{name}"), value.to_str().unwrap_or("").to_owned())
                };
                let body = response.body().clone().unwrap_or_default();
                Err(Refused::Http(Answer {
                    status: response.status().as_u16(),
                    headers: response.headers().iter().map(header).collect(),
                    body: String::from_utf8(body).expect("text"),
                }))
            }
            // Whoever is shown the door hears nothing.
            Err(_) => Err(Refused::Closed(None)),
        }
    }

    fn polling_path(&self) -> String {
        format!("/socket.io/?EIO=4&transport=polling{}", self.query)
    }

    /// Opens a session that polls; returns the id by which it does.
    async fn open(&self) -> Result<String, Refused> {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = Http::connect_by(self.address, &self.security)
            .await
            .ask("GET", &self.polling_path(), &headers, "")
            .await;
        if answer.status != 200 {
            return Err(Refused::Http(answer));
        }
        let open: Value = parsed(&answer.body[1..]);
        Ok(open["sid"].as_str().expect("an id").to_owned())
    }
}

async fn probed(mut socket: WebSocketStream<Wire>) -> WebSocketStream<Wire> {
    let probing = async {
        socket.send(Message::text("2probe")).await?;
        let answer = socket.next().await.expect("an answer")?;
        assert_eq!(answer, Message::text("3probe"));
        socket.send(Message::text("5")).await
    };
    within("the upgrade", probing).await.expect("an upgrade");
    socket
}

impl Client {
    /// Its peer id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Joins a room, and returns who is there: the rows of the acknowledgement, which are those of `existing-peers`.
    pub async fn join(&mut self, room: &str) -> Value {
        let answer = self.asks("join", json!({ "roomId": room })).await;
        assert_eq!(answer["success"], true, "{} joins {room}: {answer}", self.name);
        let existing = self.hears("existing-peers").await;
        assert_eq!(existing, answer["peers"], "{} joins {room}", self.name);
        existing
    }

    /// Leaves a room.
    pub async fn leave(&mut self, room: &str) {
        let answer = self.asks("leave", json!({ "roomId": room })).await;
        assert_eq!(answer["success"], true, "{} leaves {room}: {answer}", self.name);
    }

    /// Sends an event, with JSON for its argument.
    pub fn emit(&mut self, event: &str, payload: impl Display) {
        self.send(format!("42{}[{},{payload}]", self.prefix, json!(event)));
    }

    /// Sends an event and waits for what the server answers.
    pub async fn asks(&mut self, event: &str, payload: impl Display) -> Value {
        let id = self.emit_for_ack(event, payload);
        self.ack(id).await
    }

    /// Sends an event that asks for an answer, for [`Client::ack`] to wait for.
    pub fn emit_for_ack(&mut self, event: &str, payload: impl Display) -> u64 {
        let id = self.next_ack;
        self.next_ack += 1;
        self.send(format!("42{}{id}[{},{payload}]", self.prefix, json!(event)));
        id
    }

    /// The answer to what was asked under this number.
    pub async fn ack(&mut self, number: u64) -> Value {
        let is_it = |heard: &Heard| matches!(heard, Heard::Ack { id, .. } if *id == number);
        match self.until(format!("the answer {number}"), is_it).await {
            Heard::Ack { payload, .. } => value(&payload),
            other => unreachable!("{other:?}"),
        }
    }

    /// The argument of the next event of this name, whatever else comes before it.
    pub async fn hears(&mut self, event: &str) -> Value {
        value(&self.hears_raw(event).await)
    }

    /// As [`Client::hears`], as it was written.
    pub async fn hears_raw(&mut self, event: &str) -> Box<RawValue> {
        let is_it = |heard: &Heard| matches!(heard, Heard::Event { name, .. } if name == event);
        match self.until(format!("the event {event}"), is_it).await {
            Heard::Event { payload, .. } => payload,
            other => unreachable!("{other:?}"),
        }
    }

    /// Whatever comes next.
    pub async fn next(&mut self) -> Heard {
        self.until("anything", |_| true).await
    }

    /// The name and the argument of what comes next, which must be an event.
    pub async fn next_event(&mut self) -> (String, Value) {
        match self.next().await {
            Heard::Event { name, payload } => (name, value(&payload)),
            other => panic!("{} waited for an event, and heard {other:?}", self.name),
        }
    }

    /// Everything that came until now and was not asked for. An answer of the server stands for the now: it was given
    /// after everything that others had done before.
    pub async fn overhears(&mut self) -> Vec<Heard> {
        // Refused or not, it changes nothing.
        self.asks("leave", json!({ "roomId": "a-room-that-nobody-is-in" })).await;
        self.heard.drain(..).collect()
    }

    /// Asserts that nothing came that was not asked for.
    pub async fn hears_nothing(&mut self) {
        let heard = self.overhears().await;
        assert!(heard.is_empty(), "{} was to hear nothing, and heard {heard:?}", self.name);
    }

    /// Waits until the connection is closed, and returns the code of the close frame, if there was one.
    pub async fn is_closed(&mut self) -> Option<u16> {
        match self.until("the end", |heard| matches!(heard, Heard::Closed(_))).await {
            Heard::Closed(code) => code,
            other => unreachable!("{other:?}"),
        }
    }

    /// Says goodbye as Socket.IO does, and goes.
    pub async fn disconnects(mut self) {
        self.send(format!("41{}", self.prefix));
        let _ = self.link.outgoing.send(Outgoing::Close);
        self.is_closed().await;
    }

    /// Sends an Engine.IO packet as it is.
    pub fn send(&mut self, packet: impl Into<String>) {
        // Whether the server still reads is for what is heard to tell.
        let _ = self.link.outgoing.send(Outgoing::Packet(packet.into()));
    }

    async fn until(&mut self, what: impl Display, wanted: impl Fn(&Heard) -> bool) -> Heard {
        if let Some(index) = self.heard.iter().position(&wanted) {
            return self.heard.remove(index).expect("an index just found");
        }
        let search = async {
            loop {
                let incoming = self.link.incoming.recv().await?;
                let Some(heard) = Heard::read(incoming, &self.prefix) else { continue };
                if wanted(&heard) {
                    return Some(heard);
                }
                let is_last = matches!(heard, Heard::Closed(_));
                self.heard.push_back(heard);
                if is_last {
                    return None;
                }
            }
        };
        match timeout(DEADLINE, search).await {
            Ok(Some(heard)) => heard,
            Ok(None) | Err(_) => panic!("{} waited for {what}, and heard {:?}", self.name, self.heard),
        }
    }
}

impl Heard {
    /// None for what is Engine.IO's own, or another namespace's.
    fn read(incoming: Incoming, prefix: &str) -> Option<Self> {
        let packet = match incoming {
            Incoming::Closed(code) => return Some(Self::Closed(code)),
            Incoming::Packet(packet) => packet,
        };
        let message = packet.strip_prefix('4')?;
        let (kind, rest) = message.split_at(1);
        // What is said in another namespace is not for this one.
        let body = rest.strip_prefix(prefix).filter(|body| !body.starts_with('/'))?;
        Some(match kind {
            "0" => Self::Connected(parsed(body)),
            "1" => Self::Left,
            "2" => {
                let (name, payload) = parsed(body);
                Self::Event { name, payload }
            }
            "3" => {
                let (id, body) = body.split_at(body.find('[').expect("an array"));
                let [payload]: [Box<RawValue>; 1] = parsed(body);
                Self::Ack { id: id.parse().expect("a number"), payload }
            }
            "4" => Self::Refused(parsed(body)),
            _ => panic!("no packet that a server sends: {packet}"),
        })
    }
}

fn parsed<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn value(raw: &RawValue) -> Value {
    parsed(raw.get())
}
