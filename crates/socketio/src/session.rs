//! A Socket.IO session, as a pure machine: messages in, what they mean out.
//!
//! It knows which namespaces the client is in, holds an event back until its attachments are there, and refuses
//! what is out of place. `T` is whatever the caller keeps for each namespace.

use std::{borrow::Cow, sync::Arc, time::Instant};

use bytes::Bytes;
use rawjson::{Elements, Value};

use crate::{
    endpoint::Reason,
    limits::Limits,
    packet::socket::{Body, Packet, decode},
};

/// The state of one client's session.
#[derive(Debug)]
pub struct Session<T> {
    limits: Arc<Limits>,
    namespaces: Vec<Namespace<T>>,
    /// The namespace whose CONNECT is being thought about. Nothing else is read meanwhile.
    connecting: Option<Box<str>>,
    connects: usize,
    /// Until the client is in its first namespace. It does not run while the client waits for an answer.
    connect_deadline: Option<Instant>,
    partial: Option<Box<Partial>>,
    /// The last packet with attachments, which what was returned for it borrows from.
    whole: Option<Box<Partial>>,
}

#[derive(Debug)]
struct Namespace<T> {
    name: Box<str>,
    /// None when the server has dismissed the client: what was still under way is ignored.
    entry: Option<T>,
}

/// A packet some of whose attachments are still to come.
#[derive(Debug)]
struct Partial {
    text: Box<str>,
    due: usize,
    bytes: usize,
    attachments: Vec<Bytes>,
    deadline: Instant,
}

/// What a message means.
#[derive(Debug)]
pub enum Incoming<'a, T> {
    /// Nothing yet, or nothing any more.
    Nothing,
    /// The client asks for a namespace; to be answered by [`Session::accept`] or [`Session::refuse`].
    Connect {
        /// Its name.
        namespace: &'a str,
        /// An object, if there were credentials.
        auth: Option<Value<'a>>,
    },
    /// The client asks for a namespace, and is in as many as it may be.
    Crowded {
        /// Its name.
        namespace: &'a str,
    },
    /// An event.
    Event(&'a mut T, Event<'a>),
    /// The answer to an event of the server's.
    Ack(&'a mut T, Answer<'a>),
    /// The client leaves a namespace.
    Disconnect(T),
}

/// An event as it came. Nothing of it has been parsed beyond what its name needs.
#[derive(Debug)]
pub struct Event<'a> {
    /// The name.
    pub name: Cow<'a, str>,
    /// What follows the name.
    pub args: Elements<'a>,
    /// The id under which an acknowledgement is asked for.
    pub ack: Option<u64>,
    /// The binary messages that placeholders in `args` stand for.
    pub attachments: &'a [Bytes],
}

/// A client's acknowledgement as it came.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The id that the event bore.
    pub id: u64,
    /// What the client answers.
    pub args: Elements<'a>,
    /// The binary messages that placeholders in `args` stand for.
    pub attachments: &'a [Bytes],
}

impl<T> Session<T> {
    /// A client that has just come.
    #[must_use]
    pub fn new(now: Instant, limits: Arc<Limits>) -> Self {
        let connect_deadline = Some(now + limits.connect_timeout);
        Self {
            limits,
            namespaces: Vec::new(),
            connecting: None,
            connects: 0,
            connect_deadline,
            partial: None,
            whole: None,
        }
    }

    /// A text message came.
    ///
    /// # Errors
    /// The protocol is broken, and the connection is to be closed for this reason.
    pub fn text<'a>(&'a mut self, now: Instant, text: &'a str) -> Result<Incoming<'a, T>, Reason> {
        if self.partial.is_some() {
            // An attachment was due.
            return Err(Reason::Parse);
        }
        let packet = decode(text, &self.limits).map_err(|_| Reason::Parse)?;
        if packet.attachments == 0 {
            return self.incoming(packet);
        }
        self.place(packet.namespace)?;
        self.partial = Some(Box::new(Partial {
            text: text.into(),
            due: packet.attachments,
            bytes: text.len(),
            attachments: Vec::new(),
            deadline: now + self.limits.attachments_timeout,
        }));
        Ok(Incoming::Nothing)
    }

    /// A binary message came.
    ///
    /// # Errors
    /// As [`Session::text`].
    pub fn binary(&mut self, data: &[u8]) -> Result<Incoming<'_, T>, Reason> {
        let partial = self.partial.as_mut().ok_or(Reason::Parse)?;
        partial.bytes += data.len();
        if partial.bytes > self.limits.max_payload_bytes {
            return Err(Reason::TooLarge);
        }
        partial.attachments.push(Bytes::copy_from_slice(data));
        if partial.attachments.len() < partial.due {
            return Ok(Incoming::Nothing);
        }
        self.whole = self.partial.take();
        let Some(whole) = &self.whole else { return Ok(Incoming::Nothing) };
        let packet = decode(&whole.text, &self.limits).map_err(|_| Reason::Parse)?;
        arrange(&mut self.namespaces, packet, &whole.attachments)
    }

    /// What was returned last has been dealt with: its attachments are held no longer.
    pub fn release(&mut self) {
        self.whole = None;
    }

    /// The client is in the namespace that it asked for last.
    pub fn accept(&mut self, entry: T) {
        if let Some(name) = self.connecting.take() {
            self.connect_deadline = None;
            self.namespaces.push(Namespace { name, entry: Some(entry) });
        }
    }

    /// The client is not let into the namespace that it asked for last. If it is in none yet, it has as long as at
    /// first to ask for another.
    pub fn refuse(&mut self, now: Instant) {
        self.connecting = None;
        if let Some(deadline) = &mut self.connect_deadline {
            *deadline = now + self.limits.connect_timeout;
        }
    }

    /// The entries of the namespaces that the client is in.
    pub fn entries(&mut self) -> impl Iterator<Item = &mut T> {
        self.namespaces.iter_mut().filter_map(|namespace| namespace.entry.as_mut())
    }

    /// Takes out the entries that `which` picks: their namespaces are left by the server's decision.
    pub fn dismiss(&mut self, which: impl Fn(&T) -> bool) -> Vec<T> {
        let namespaces = self.namespaces.iter_mut();
        namespaces.filter_map(|namespace| namespace.entry.take_if(|entry| which(entry))).collect()
    }

    /// When [`Session::timeout`] is to be called at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let attachments = self.partial.as_ref().map(|partial| partial.deadline);
        [self.due_connect(), attachments].into_iter().flatten().min()
    }

    /// The time is `now`.
    ///
    /// # Errors
    /// The client has kept the server waiting too long.
    pub fn timeout(&mut self, now: Instant) -> Result<(), Reason> {
        if self.due_connect().is_some_and(|deadline| deadline <= now) {
            return Err(Reason::ConnectTimeout);
        }
        if self.partial.as_ref().is_some_and(|partial| partial.deadline <= now) {
            return Err(Reason::AttachmentsTimeout);
        }
        Ok(())
    }

    /// Until when the client must have asked for a namespace; one that has asked waits for us.
    fn due_connect(&self) -> Option<Instant> {
        self.connect_deadline.filter(|_| self.connecting.is_none())
    }

    fn incoming<'a>(&'a mut self, packet: Packet<'a>) -> Result<Incoming<'a, T>, Reason> {
        match packet.body {
            Body::Connect(auth) => self.connect(packet.namespace, auth),
            Body::Disconnect => {
                let place = self.place(packet.namespace)?;
                let left = self.namespaces.swap_remove(place);
                Ok(left.entry.map_or(Incoming::Nothing, Incoming::Disconnect))
            }
            Body::Event { .. } | Body::Ack { .. } | Body::Ignored => {
                arrange(&mut self.namespaces, packet, &[])
            }
        }
    }

    fn connect<'a>(&mut self, name: &'a str, auth: Option<Value<'a>>) -> Result<Incoming<'a, T>, Reason> {
        self.connects += 1;
        if self.connects > self.limits.max_connects {
            return Err(Reason::Rate);
        }
        match self.place(name) {
            // In already.
            Ok(place) if self.namespaces[place].entry.is_some() => return Err(Reason::Parse),
            Ok(place) => drop(self.namespaces.swap_remove(place)),
            Err(_) => {}
        }
        if self.namespaces.len() >= self.limits.max_namespaces {
            return Ok(Incoming::Crowded { namespace: name });
        }
        self.connecting = Some(name.into());
        Ok(Incoming::Connect { namespace: name, auth })
    }

    /// Where the namespace is; a packet for one that the client is not in is out of place.
    fn place(&self, name: &str) -> Result<usize, Reason> {
        self.namespaces.iter().position(|namespace| *namespace.name == *name).ok_or(Reason::Parse)
    }
}

/// Brings an event or an acknowledgement together with its namespace's entry.
fn arrange<'a, T>(
    namespaces: &'a mut [Namespace<T>],
    packet: Packet<'a>,
    attachments: &'a [Bytes],
) -> Result<Incoming<'a, T>, Reason> {
    let namespace =
        namespaces.iter_mut().find(|namespace| *namespace.name == *packet.namespace).ok_or(Reason::Parse)?;
    let Some(entry) = &mut namespace.entry else { return Ok(Incoming::Nothing) };
    Ok(match packet.body {
        Body::Event { name, args, ack } => Incoming::Event(entry, Event { name, args, ack, attachments }),
        Body::Ack { id, args } => Incoming::Ack(entry, Answer { id, args, attachments }),
        Body::Ignored => Incoming::Nothing,
        // Neither carries attachments, so neither comes this way.
        Body::Connect(_) | Body::Disconnect => return Err(Reason::Parse),
    })
}
