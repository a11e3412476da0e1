//! Who is connected by which token.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use domain::{Code, Tenant, UserId, messages::Locale};
use socketio::Socket;
use store::Revoked;
use tokio::sync::Notify;

use super::{
    Caller, expiry,
    live::{End, Entered, Live, OfUser},
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

#[cfg(test)]
mod tests {
    use auth::Source;

    use super::*;
    use crate::config::Environment;

    fn sessions(max_connections_per_user: u32) -> Arc<Sessions> {
        let config = Config::defaults(Environment::Development);
        Arc::new(Sessions::new(&Config { max_connections_per_user, ..config }))
    }

    fn caller(user: &str, token: &str) -> Caller {
        Caller {
            tenant: Tenant::default(),
            user: user.try_into().unwrap(),
            username: None,
            source: Source::Account,
            grants: None,
            token: Some(token.to_owned()),
            family: "01977420-dd59-7000-8000-000000000000".parse().ok(),
            issued_at_ms: 0,
            expires_at_ms: u64::MAX,
        }
    }

    #[test]
    fn a_user_is_online_from_the_first_socket_to_the_last_and_leaves_nothing_behind() {
        let sessions = sessions(0);
        let alice = caller("alice", "a");
        let is_online = || sessions.is_online(&alice.tenant, &alice.user);
        assert!(!is_online());
        let opened: Vec<Session> =
            (0..3).map(|number| sessions.enter(alice.clone(), ConnectionId(number / 2)).unwrap()).collect();
        let other = sessions.enter(caller("bob", "b"), ConnectionId(7)).unwrap();
        opened[1].renew(caller("alice", "c"));
        for session in opened {
            assert!(is_online());
            drop(session);
        }
        assert!(!is_online());
        drop(other);
        let live = sessions.lock();
        assert!(live.sessions.is_empty() && live.users.is_empty());
        assert!(live.families.is_empty() && live.tokens.is_empty() && live.deadlines.next().is_none());
    }

    #[test]
    fn a_user_has_so_many_connections_at_once_and_each_so_many_sockets_as_it_wants() {
        let sessions = sessions(2);
        let enter = |user, connection| sessions.enter(caller(user, "a"), ConnectionId(connection));
        let first = [enter("alice", 1).unwrap(), enter("alice", 1).unwrap()];
        let second = enter("alice", 2).unwrap();
        assert_eq!(enter("alice", 3).unwrap_err(), TooMany);
        assert!(enter("alice", 2).is_ok() && enter("bob", 3).is_ok());
        drop(second);
        assert!(enter("alice", 3).is_ok());
        drop(first);
    }

    #[test]
    fn who_is_ended_is_found_by_the_token_that_was_shown_last() {
        let sessions = sessions(0);
        let session = sessions.enter(caller("alice", "old"), ConnectionId(1)).unwrap();
        session.renew(caller("alice", "new"));
        let ended = |id: &str| {
            let mut live = sessions.lock();
            live.end_revoked(&Tenant::default(), &Revoked::Token(id.to_owned()));
            live.sessions[session.key].end
        };
        assert_eq!(ended("old"), None);
        assert_eq!(ended("new"), Some(End::Revoked));
    }
}
