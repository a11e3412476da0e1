//! The core's door: an input in, effects out. It decides nothing but who decides.

use std::time::Instant;

use crate::command::{Command, Input, Now, Ticket};
use crate::effect::Effect;
use crate::identity::Identity;
use crate::ids::PeerId;
use crate::limits::Limits;
use crate::names::Tenant;
use crate::relay;
use crate::room;
use crate::world::{Peer, Stats, World};

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
    /// # Panics
    /// If the id of an open connection is given to another one.
    pub fn handle(&mut self, now: Now, input: Input) {
        debug_assert!(self.world.effects.is_empty(), "effects are drained before the next input");
        match input {
            Input::Connected { peer, tenant, identity } => self.connected(peer, tenant, identity),
            Input::Command { peer, ticket, command } => self.command(now, peer, ticket, command),
            Input::Disconnected { peer } => room::disconnect(&mut self.world, peer),
            Input::Renewed { .. } | Input::Loaded { .. } => {}
            Input::Timeout => {} // Nothing waits yet.
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

    fn connected(&mut self, peer: PeerId, tenant: Tenant, identity: Identity) {
        let before = self.world.peers.insert(peer, Peer { tenant, identity, memberships: Vec::new() });
        assert!(before.is_none(), "no two connections have one id");
    }

    fn command(&mut self, now: Now, peer: PeerId, ticket: Ticket, command: Command) {
        let result = match command {
            Command::Join { room, user, voice } => {
                room::join(&mut self.world, now, peer, ticket, room::Join { room, user, voice })
            }
            Command::Leave { room } => room::leave(&mut self.world, peer, ticket, room),
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
