//! The core's door: an input in, effects out. It decides nothing but who decides.

use std::time::Instant;

use crate::claim::{self, Waiting};
use crate::command::{Command, Input, Now, Ticket};
use crate::effect::Effect;
use crate::fact::Fact;
use crate::identity::{Holder, Identity, Standing};
use crate::ids::PeerId;
use crate::limits::Limits;
use crate::load::{Answer, Key};
use crate::names::Tenant;
use crate::refusal::Refusal;
use crate::relay;
use crate::room::{self, Claim, Join};
use crate::world::{Stats, World};

/// All rooms and peers of a process, or of the part of it that one task owns.
#[derive(Debug)]
pub struct Hub {
    world: World,
}

impl Hub {
    /// A hub without anyone in it.
    pub fn new(limits: Limits) -> Hub {
        Hub { world: World::new(limits) }
    }

    /// Takes one input to its end. Drain [`Hub::poll`] before the next.
    ///
    /// A command or an end of a connection the hub does not know is no bug: after a hub was replaced,
    /// its connections still speak until they have been closed. Such a command gets `UNAVAILABLE`.
    ///
    /// An answer that nobody waits for any more is passed over.
    ///
    /// # Panics
    /// If the id of an open connection is given to another one, or a connection is renewed by someone else.
    pub fn handle(&mut self, now: Now, input: Input) {
        debug_assert!(self.world.effects.is_empty(), "effects are drained before the next input");
        match input {
            Input::Connected { peer, tenant, identity } => self.connected(now, peer, tenant, identity),
            Input::Command { peer, ticket, command } => self.command(now, peer, ticket, command),
            Input::Disconnected { peer } => room::disconnect(&mut self.world, now, peer),
            Input::Renewed { peer, identity } => self.renewed(peer, identity),
            Input::Loaded { key, answer } => self.loaded(now, &key, answer),
            Input::Timeout => {} // No wait has a deadline of the core's own.
        }
    }

    /// The next effect of the last input, or `None` when all have been taken.
    pub fn poll(&mut self) -> Option<Effect> {
        self.world.effects.pop_front()
    }

    /// When to hand in [`Input::Timeout`] at the latest; `None` while nothing waits.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Asserts every rule of the core; for tests, after each step.
    ///
    /// # Panics
    /// With the rule that is broken.
    pub fn check(&self) {
        self.world.check();
    }

    /// How much there is.
    pub fn stats(&self) -> Stats {
        self.world.stats()
    }

    fn connected(&mut self, now: Now, peer: PeerId, tenant: Tenant, identity: Identity) {
        if let (Standing::Verified, Holder::Stranger, Some(user)) =
            (identity.standing, identity.holder, identity.user.clone())
        {
            self.world.save(Fact::Seen { tenant: tenant.clone(), user, at_ms: now.wall_ms });
        }
        let before = self.world.add_peer(peer, tenant, identity);
        assert!(before.is_none(), "no two connections have one id");
    }

    fn renewed(&mut self, peer: PeerId, identity: Identity) {
        let Some(peer) = self.world.peers.get_mut(&peer) else { return };
        let is_same = peer.identity.user == identity.user && peer.identity.standing == identity.standing;
        assert!(
            is_same && identity.standing == Standing::Verified,
            "a connection is renewed by the verified user that it is"
        );
        peer.identity.grants = identity.grants;
    }

    fn loaded(&mut self, now: Now, key: &Key, answer: Answer) {
        let Some((peer, waiting)) = claim::take_first(&mut self.world, key) else { return };
        let Waiting { ticket, join, held, .. } = waiting;
        let Key::Subject { user, .. } = key;
        let result = match answer {
            Answer::Unknown => {
                room::join(&mut self.world, now, peer, ticket, Join { claim: Claim::Free, ..join })
            }
            Answer::Known => Err(Refusal::IdTaken { user: user.clone() }),
            Answer::Away => Err(Refusal::Unavailable),
        };
        if let Err(refusal) = result {
            self.world.reply(ticket, Err(refusal));
        }
        for (ticket, command) in held {
            self.command(now, peer, ticket, command);
        }
    }

    fn command(&mut self, now: Now, peer: PeerId, ticket: Ticket, command: Command) {
        let Some(command) = claim::hold(&mut self.world, peer, ticket, command) else { return };
        let result = match command {
            Command::Join { room, user, voice } => {
                let join = Join { room, user, voice, claim: Claim::Unproven };
                room::join(&mut self.world, now, peer, ticket, join)
            }
            Command::Leave { room } => room::leave(&mut self.world, now, peer, ticket, room),
            Command::Relay { to, room, signal, form } => {
                relay::to_peer(&mut self.world, peer, ticket, relay::Relay { to, room, signal, form })
            }
            Command::Broadcast { room, signal } => {
                relay::to_room(&mut self.world, peer, ticket, room, signal)
            }
        };
        if let Err(refusal) = result {
            self.world.reply(ticket, Err(refusal));
        }
    }
}
