//! Who is connected by which token.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use domain::{Code, Tenant, UserId, messages::Locale};
use slab::Slab;
use socketio::{Reason, Socket};
use store::{FamilyId, Revoked};
use tokio::sync::Notify;

use super::{
    Caller, Refused,
    expiry::{self, Deadlines, Due},
    revocations::concerns,
};
use crate::config::Config;

/// How many connections are closed before others get their turn.
const CLOSED_AT_ONCE: usize = 64;

/// Every socket that a token opened, by user, by log-in and by token.
#[derive(Debug)]
pub struct Sessions {
    live: Mutex<Live>,
    /// Connections that one user may have; 0 is off.
    max_connections_per_user: u32,
    pub(super) expiry: Expiry,
    /// Tells the task of [`Sessions::watch_expiry`] of a deadline before all others.
    pub(super) sooner: Notify,
    locale: Locale,
}

/// What becomes of a connection whose token expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    /// Nothing.
    Ignored,
    /// It is closed.
    Closes,
}

/// A connection, which may be in several namespaces by one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The user has as many connections as one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

/// A socket's entry, which is gone when this is dropped.
#[derive(Debug)]
pub struct Session {
    sessions: Arc<Sessions>,
    key: usize,
}

/// Why a session ends before its client wants it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Revoked,
    Expired,
}

#[derive(Debug, Default)]
struct Live {
    sessions: Slab<Entered>,
    users: HashMap<(Tenant, UserId), OfUser>,
    families: HashMap<FamilyId, BTreeSet<usize>>,
    tokens: HashMap<String, BTreeSet<usize>>,
    deadlines: Deadlines,
}

#[derive(Debug)]
struct Entered {
    caller: Caller,
    connection: ConnectionId,
    /// None until the client is in its namespace.
    socket: Option<Socket>,
    end: Option<End>,
}

#[derive(Debug, Default)]
struct OfUser {
    keys: BTreeSet<usize>,
    /// How many of the sockets belong to each connection.
    connections: HashMap<ConnectionId, u32>,
}

impl Sessions {
    /// Nobody is connected.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            live: Mutex::default(),
            max_connections_per_user: config.max_connections_per_user,
            expiry: if config.close_on_expiry { Expiry::Closes } else { Expiry::Ignored },
            sooner: Notify::new(),
            locale: config.locale,
        }
    }

    /// Whether the user has a connection that a token opened.
    #[must_use]
    pub fn is_online(&self, tenant: &Tenant, user: &UserId) -> bool {
        self.lock().users.contains_key(&(tenant.clone(), user.clone()))
    }

    /// Whether a connection is closed when its token expires.
    #[must_use]
    pub fn end_with_their_tokens(&self) -> bool {
        self.expiry == Expiry::Closes
    }

    /// Counts a caller's socket that is about to come into its namespace.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn enter(self: &Arc<Self>, caller: Caller, connection: ConnectionId) -> Result<Session, TooMany> {
        let mut live = self.lock();
        let limit = self.max_connections_per_user as usize;
        let of_user = live.users.get(&(caller.tenant.clone(), caller.user.clone()));
        let is_full = |of_user: &OfUser| {
            of_user.connections.len() >= limit && !of_user.connections.contains_key(&connection)
        };
        if limit != 0 && of_user.is_some_and(is_full) {
            return Err(TooMany);
        }
        let key = live.enter(Entered { caller, connection, socket: None, end: None });
        drop(live);
        Ok(Session { sessions: Arc::clone(self), key })
    }

    /// Closes every connection that has a socket by such a token. When this returns, each has been told so.
    pub(super) async fn end_revoked(&self, tenant: &Tenant, what: &Revoked) {
        let ended = self.lock().end_revoked(tenant, what);
        self.close_all(&ended, End::Revoked).await;
    }

    /// Warns and ends those whose time has come.
    pub(super) async fn expire(&self, now: Instant) {
        let (warned, ended) = self.lock().expire(now);
        for (socket, expires_at_ms) in warned {
            // A socket that is closed has its end told elsewhere.
            let _ = socket.emit(&expiry::warning(expires_at_ms));
        }
        self.close_all(&ended, End::Expired).await;
    }

    /// When [`Sessions::expire`] has something to do.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.lock().deadlines.next()
    }

    async fn close_all(&self, sockets: &[Socket], end: End) {
        for some in sockets.chunks(CLOSED_AT_ONCE) {
            for socket in some {
                self.close(socket, end);
            }
            tokio::task::yield_now().await;
        }
        if !sockets.is_empty() {
            tracing::info!(sockets = sockets.len(), reason = %end.reason(), "closed");
        }
    }

    /// Tells the client why, sends it out of its namespace so that it does not come again by itself, and closes its connection.
    fn close(&self, socket: &Socket, end: End) {
        let body = serde_json::json!(["error", {
            "code": Code::AuthError.as_str(),
            "message": end.refused().phrase().text(self.locale),
            "event": "connect",
        }]);
        // A socket that is closed has its end told elsewhere.
        let _ = socket.emit(body.to_string().as_bytes());
        socket.disconnect();
        socket.close(end.reason());
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// The socket is in its namespace: from here on it can be warned and closed. One that was revoked meanwhile is closed at once.
    pub fn seat(&self, socket: &Socket) {
        let mut live = self.sessions.lock();
        let Some(entered) = live.sessions.get_mut(self.key) else { return };
        entered.socket = Some(socket.clone());
        let (end, expires_at_ms) = (entered.end, entered.caller.expires_at_ms);
        if let Some(end) = end {
            drop(live);
            return self.sessions.close(socket, end);
        }
        self.schedule(live, expires_at_ms);
    }

    /// The socket has shown another token of the same user.
    pub fn renew(&self, caller: Caller) {
        let mut live = self.sessions.lock();
        let expires_at_ms = caller.expires_at_ms;
        live.renew(self.key, caller);
        self.schedule(live, expires_at_ms);
    }

    /// Closes the connection for a token that is revoked.
    pub fn revoke(&self) {
        let ended = self.sessions.lock().end(self.key, End::Revoked);
        if let Some(socket) = ended {
            self.sessions.close(&socket, End::Revoked);
        }
    }

    fn schedule(&self, mut live: MutexGuard<'_, Live>, expires_at_ms: u64) {
        if self.sessions.expiry == Expiry::Ignored {
            return;
        }
        let is_sooner = live.deadlines.set(self.key, expires_at_ms);
        drop(live);
        if is_sooner {
            self.sessions.sooner.notify_one();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.sessions.lock().leave(self.key);
    }
}

impl End {
    fn reason(self) -> Reason {
        match self {
            Self::Revoked => Reason::Revoked,
            Self::Expired => Reason::Expired,
        }
    }

    fn refused(self) -> Refused {
        match self {
            Self::Revoked => Refused::Invalid,
            Self::Expired => Refused::Expired,
        }
    }
}

impl Live {
    fn enter(&mut self, entered: Entered) -> usize {
        let user = (entered.caller.tenant.clone(), entered.caller.user.clone());
        let connection = entered.connection;
        let key = self.sessions.insert(entered);
        let of_user = self.users.entry(user).or_default();
        of_user.keys.insert(key);
        *of_user.connections.entry(connection).or_default() += 1;
        self.index(key);
        key
    }

    fn renew(&mut self, key: usize, caller: Caller) {
        self.unindex(key);
        if let Some(entered) = self.sessions.get_mut(key) {
            entered.caller = caller;
        }
        self.index(key);
    }

    fn leave(&mut self, key: usize) {
        self.unindex(key);
        self.deadlines.remove(key);
        let Some(left) = self.sessions.try_remove(key) else { return };
        let Entry::Occupied(mut of_user) = self.users.entry((left.caller.tenant, left.caller.user)) else {
            return;
        };
        of_user.get_mut().keys.remove(&key);
        if let Entry::Occupied(mut sockets) = of_user.get_mut().connections.entry(left.connection) {
            *sockets.get_mut() -= 1;
            if *sockets.get() == 0 {
                sockets.remove();
            }
        }
        if of_user.get().keys.is_empty() {
            of_user.remove();
        }
    }

    fn index(&mut self, key: usize) {
        let Some(Entered { caller, .. }) = self.sessions.get(key) else { return };
        if let Some(family) = caller.family {
            self.families.entry(family).or_default().insert(key);
        }
        if let Some(token) = &caller.token {
            self.tokens.entry(token.clone()).or_default().insert(key);
        }
    }

    fn unindex(&mut self, key: usize) {
        let Some(Entered { caller, .. }) = self.sessions.get(key) else { return };
        if let Some(family) = caller.family {
            remove_from(&mut self.families, family, key);
        }
        if let Some(token) = &caller.token {
            remove_from(&mut self.tokens, token.clone(), key);
        }
    }

    fn end_revoked(&mut self, tenant: &Tenant, what: &Revoked) -> Vec<Socket> {
        let candidates: Vec<usize> = match what {
            Revoked::Token(id) => keys(self.tokens.get(id)),
            Revoked::Family(family) => keys(self.families.get(family)),
            Revoked::User { user, .. } => {
                keys(self.users.get(&(tenant.clone(), user.clone())).map(|of_user| &of_user.keys))
            }
            Revoked::All { .. } => self.sessions.iter().map(|(key, _)| key).collect(),
        };
        let is_concerned = |key: &usize| {
            self.sessions.get(*key).is_some_and(|entered| concerns(tenant, what, &entered.caller))
        };
        let concerned: Vec<usize> = candidates.into_iter().filter(is_concerned).collect();
        concerned.into_iter().filter_map(|key| self.end(key, End::Revoked)).collect()
    }

    /// The socket to close; none if it is closing already, or is not there yet.
    fn end(&mut self, key: usize, end: End) -> Option<Socket> {
        self.deadlines.remove(key);
        let entered = self.sessions.get_mut(key)?;
        if entered.end.is_some() {
            return None;
        }
        entered.end = Some(end);
        entered.socket.clone()
    }

    /// Sockets to warn, each with the time at which its token expires, and sockets to close.
    fn expire(&mut self, now: Instant) -> (Vec<(Socket, u64)>, Vec<Socket>) {
        let (mut warned, mut ended) = (Vec::new(), Vec::new());
        while let Some((key, due)) = self.deadlines.pop(now) {
            match due {
                Due::Warning => warned.extend(self.sessions.get(key).and_then(|entered| {
                    let socket = entered.socket.clone()?;
                    Some((socket, entered.caller.expires_at_ms))
                })),
                Due::End => ended.extend(self.end(key, End::Expired)),
            }
        }
        (warned, ended)
    }
}

fn keys(found: Option<&BTreeSet<usize>>) -> Vec<usize> {
    found.into_iter().flatten().copied().collect()
}

fn remove_from<K: Eq + Hash>(index: &mut HashMap<K, BTreeSet<usize>>, of: K, key: usize) {
    if let Entry::Occupied(mut keys) = index.entry(of) {
        keys.get_mut().remove(&key);
        if keys.get().is_empty() {
            keys.remove();
        }
    }
}
