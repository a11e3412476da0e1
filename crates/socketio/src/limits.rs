//! Every bound of the layer, in one place.

use std::time::Duration;

/// What one connection may take, how long it may take over it, and how many there may be.
///
/// Each bound holds on every transport. A connection that goes over one is closed alone.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From one heartbeat to the next; the first PING is sent this long after the handshake.
    pub ping_interval: Duration,
    /// How long a PONG may be late before the connection counts as gone.
    pub ping_timeout: Duration,
    /// How long a client may stay without CONNECT to its first namespace, and how long a middleware may think.
    pub connect_timeout: Duration,
    /// How long an upgrade may take from the probe's first byte to the UPGRADE packet.
    pub upgrade_timeout: Duration,
    /// How long the body of a POST may be on its way.
    pub body_timeout: Duration,
    /// How long an event may wait for its attachments.
    pub attachments_timeout: Duration,
    /// How long a closing connection may take to read what is still to be said to it.
    pub linger_timeout: Duration,
    /// Sessions that may be open at once. A session that polls holds no descriptor between its requests, so the
    /// system's limit does not bound them.
    pub max_sessions: usize,
    /// Bytes of a message, in one frame or in fragments, of an event with all its attachments, and of a POST.
    pub max_payload_bytes: usize,
    /// Bytes that may wait for a reader before it is disconnected as a slow consumer.
    pub max_outbound_bytes: usize,
    /// Frames of one WebSocket message.
    pub max_fragments: usize,
    /// Brackets that may be open at once in a packet's JSON; at most [`rawjson::DEEPEST`].
    pub max_depth: usize,
    /// Binary attachments of one event or acknowledgement.
    pub max_attachments: usize,
    /// Namespaces that one connection may be in.
    pub max_namespaces: usize,
    /// CONNECT packets, refused ones included, that one connection may send in its life.
    pub max_connects: usize,
    /// Bytes of a namespace's name.
    pub max_namespace_bytes: usize,
    /// Acknowledgements that one socket's client may owe at once.
    pub max_pending_acks: usize,
    /// Packets in the answer to one poll: python-socketio refuses more than 16.
    pub max_packets_per_poll: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
            upgrade_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            attachments_timeout: Duration::from_secs(10),
            linger_timeout: Duration::from_secs(2),
            max_sessions: 100_000,
            max_payload_bytes: 1_000_000,
            max_outbound_bytes: 4 << 20,
            max_fragments: 4096,
            max_depth: 64,
            max_attachments: 10,
            max_namespaces: 64,
            max_connects: 256,
            max_namespace_bytes: 128,
            max_pending_acks: 128,
            max_packets_per_poll: 16,
        }
    }
}
