//! The list of open sessions, by everything that they are looked up by.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    hash::Hash,
    time::Instant,
};

use domain::{Tenant, UserId};
use slab::Slab;
use socketio::{Reason, Socket};
use store::{FamilyId, Revoked};

use super::{
    Caller, ConnectionId, Refused,
    expiry::{Deadlines, Due},
    revocations::concerns,
};

/// Why a session ends before its client wants it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Revoked,
    Expired,
}

#[derive(Debug, Default)]
pub(super) struct Live {
    pub(super) sessions: Slab<Entered>,
    pub(super) users: HashMap<(Tenant, UserId), OfUser>,
    pub(super) families: HashMap<FamilyId, BTreeSet<usize>>,
    pub(super) tokens: HashMap<String, BTreeSet<usize>>,
    pub(super) deadlines: Deadlines,
}

#[derive(Debug)]
pub(super) struct Entered {
    pub(super) caller: Caller,
    pub(super) connection: ConnectionId,
    /// None until the client is in its namespace.
    pub(super) socket: Option<Socket>,
    pub(super) end: Option<End>,
}

#[derive(Debug, Default)]
pub(super) struct OfUser {
    keys: BTreeSet<usize>,
    /// How many of the sockets belong to each connection.
    pub(super) connections: HashMap<ConnectionId, u32>,
}

impl End {
    pub(super) fn reason(self) -> Reason {
        match self {
            Self::Revoked => Reason::Revoked,
            Self::Expired => Reason::Expired,
        }
    }

    pub(super) fn refused(self) -> Refused {
        match self {
            Self::Revoked => Refused::Invalid,
            Self::Expired => Refused::Expired,
        }
    }
}

impl Live {
    pub(super) fn enter(&mut self, entered: Entered) -> usize {
        let user = (entered.caller.tenant.clone(), entered.caller.user.clone());
        let connection = entered.connection;
        let key = self.sessions.insert(entered);
        let of_user = self.users.entry(user).or_default();
        of_user.keys.insert(key);
        *of_user.connections.entry(connection).or_default() += 1;
        self.index(key);
        key
    }

    pub(super) fn renew(&mut self, key: usize, caller: Caller) {
        self.unindex(key);
        if let Some(entered) = self.sessions.get_mut(key) {
            entered.caller = caller;
        }
        self.index(key);
    }

    pub(super) fn leave(&mut self, key: usize) {
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

    pub(super) fn end_revoked(&mut self, tenant: &Tenant, what: &Revoked) -> Vec<Socket> {
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
    pub(super) fn end(&mut self, key: usize, end: End) -> Option<Socket> {
        self.deadlines.remove(key);
        let entered = self.sessions.get_mut(key)?;
        if entered.end.is_some() {
            return None;
        }
        entered.end = Some(end);
        entered.socket.clone()
    }

    /// Sockets to warn, each with the time at which its token expires, and sockets to close.
    pub(super) fn expire(&mut self, now: Instant) -> (Vec<(Socket, u64)>, Vec<Socket>) {
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
