//! A server that is up, whichever process it is in: what one can ask of its address.

use std::net::SocketAddr;

use serde_json::Value;

use crate::{
    client::{Client, Dial},
    http::Http,
    token::Token,
    wait::eventually,
    wire::Security,
};

/// A server's address, and how one speaks to it.
#[derive(Debug, Clone)]
pub struct Site(SocketAddr, Security);

impl Site {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self(address, Security::Clear)
    }

    pub(crate) fn secure(&mut self, security: Security) {
        self.1 = security;
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0
    }

    /// A guest over WebSocket, who names itself.
    pub async fn guest(&self, name: &str) -> Client {
        let dial = self.dial().auth(format_args!(r#"{{"userId":"{name}"}}"#));
        dial.connect(name).await.expect("a guest is let in")
    }

    /// A token of this user, as the app makes it.
    #[must_use]
    pub fn token_of(&self, user: &str) -> String {
        Token::of(user).sign()
    }

    /// A user over WebSocket, whose token is verified.
    pub async fn user(&self, name: &str) -> Client {
        let dial = self.dial().token(&self.token_of(name));
        dial.connect(name).await.expect("a user is let in")
    }

    /// Another way to connect.
    pub fn dial(&self) -> Dial {
        Dial::new(self.0).secured(self.1.clone())
    }

    /// A raw connection.
    pub async fn http(&self) -> Http {
        Http::connect_by(self.0, &self.1).await
    }

    /// What a path answers in JSON.
    pub async fn json(&self, path: &str) -> Value {
        self.http().await.get(path).await.json()
    }

    /// The metrics of now.
    pub async fn metrics(&self) -> Metrics {
        Metrics(self.http().await.get("/metrics").await.body)
    }

    /// Waits until `/stats` counts so many connections, peers and rooms.
    pub async fn counts(&self, connections: u64, peers: u64, rooms: u64) {
        let wanted = [connections, peers, rooms];
        let what = format!("{connections} connections, {peers} peers and {rooms} rooms");
        let look = async || {
            let stats = self.json("/stats").await;
            ["totalConnections", "totalPeers", "totalRooms"]
                .map(|name| stats[name].as_u64().expect("a count"))
        };
        eventually(what, look, |counts| *counts == wanted).await;
    }
}

/// Metrics in their text form.
#[derive(Debug)]
pub struct Metrics(String);

impl Metrics {
    /// The value of a metric, written with its labels. 0 if it is not there.
    #[must_use]
    pub fn value(&self, metric: &str) -> f64 {
        let value = self.0.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().expect("a number"))
    }

    /// The sum of all values of a metric, over its labels.
    #[must_use]
    pub fn sum(&self, metric: &str) -> f64 {
        let values = self.0.lines().filter(|line| line.starts_with(&format!("{metric}{{")));
        values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}
