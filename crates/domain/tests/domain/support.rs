//! A hub on a stage: inputs in the words of the rules, effects as a list, the rules checked after each step.

use std::sync::Arc;
use std::time::Instant;

use domain::{
    Body, Command, Effect, Event, Form, Hub, Identity, Input, Limits, Member, Now, PeerId, Recipients,
    Refusal, Reply, RoomId, Signal, SignalKind, Standing, Stats, Tenant, Ticket, UserId, Username, Voice,
};

pub(crate) const ALICE: PeerId = PeerId::from_bits(0xa11ce);
pub(crate) const BOB: PeerId = PeerId::from_bits(0xb0b);
pub(crate) const CAROL: PeerId = PeerId::from_bits(0xca401);

pub(crate) struct Stage {
    hub: Hub,
    now: Now,
    tickets: u64,
}

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Stage {
        Stage { hub: Hub::new(limits), now: Now { instant: Instant::now(), wall_ms: 1_000 }, tickets: 0 }
    }

    /// Guests, each named as a user after the letters of their id in the handshake.
    pub(crate) fn with_guests(guests: &[(PeerId, &str)]) -> Stage {
        let mut stage = Stage::new();
        for (peer, name) in guests {
            stage.connect(*peer, Identity::guest(Some(user(name)), None));
        }
        stage
    }

    pub(crate) fn connect(&mut self, peer: PeerId, identity: Identity) {
        self.connect_to(Tenant::default(), peer, identity);
    }

    pub(crate) fn connect_to(&mut self, tenant: Tenant, peer: PeerId, identity: Identity) {
        let effects = self.step(Input::Connected { peer, tenant, identity });
        assert_eq!(effects, [], "a connection alone is heard by nobody");
    }

    pub(crate) fn disconnect(&mut self, peer: PeerId) -> Vec<Effect> {
        self.step(Input::Disconnected { peer })
    }

    /// Joins and passes the effects over, for what comes before the step under test.
    pub(crate) fn has_joined(&mut self, peer: PeerId, name: &str) {
        let effects = self.join(peer, name);
        let is_reply =
            |effect: &Effect| matches!(effect, Effect::Reply { result: Ok(Reply::Joined { .. }), .. });
        assert!(effects.iter().any(is_reply), "{effects:?}");
    }

    pub(crate) fn join(&mut self, peer: PeerId, name: &str) -> Vec<Effect> {
        self.join_as(peer, name, None)
    }

    pub(crate) fn join_as(&mut self, peer: PeerId, name: &str, claim: Option<&str>) -> Vec<Effect> {
        self.ask(peer, Command::Join { room: room(name), user: claim.map(user), voice: Voice::Mesh })
    }

    pub(crate) fn leave(&mut self, peer: PeerId, name: Option<&str>) -> Vec<Effect> {
        self.ask(peer, Command::Leave { room: name.map(room) })
    }

    pub(crate) fn relay(&mut self, peer: PeerId, to: PeerId, name: Option<&str>) -> Vec<Effect> {
        self.ask(peer, Command::Relay { to, room: name.map(room), signal: offer(), form: Form::Plain })
    }

    pub(crate) fn broadcast(&mut self, peer: PeerId, name: &str) -> Vec<Effect> {
        self.ask(peer, Command::Broadcast { room: room(name), signal: offer() })
    }

    /// Hands in a command, under a ticket that is one more than that of the last.
    pub(crate) fn ask(&mut self, peer: PeerId, command: Command) -> Vec<Effect> {
        self.tickets += 1;
        self.step(Input::Command { peer, ticket: Ticket(self.tickets), command })
    }

    /// The wall clock goes on by a millisecond with each step.
    pub(crate) fn step(&mut self, input: Input) -> Vec<Effect> {
        self.now.wall_ms += 1;
        self.hub.handle(self.now, input);
        let effects = std::iter::from_fn(|| self.hub.poll()).collect();
        self.hub.check();
        effects
    }

    /// The wall clock at the last step.
    pub(crate) fn wall_ms(&self) -> u64 {
        self.now.wall_ms
    }

    pub(crate) fn stats(&self) -> Stats {
        self.hub.stats()
    }

    /// The reply to the last command.
    pub(crate) fn reply(&self, result: Result<Reply, Refusal>) -> Effect {
        Effect::Reply { ticket: Ticket(self.tickets), result }
    }

    pub(crate) fn done(&self) -> Effect {
        self.reply(Ok(Reply::Done))
    }

    pub(crate) fn refused(&self, refusal: Refusal) -> Vec<Effect> {
        vec![self.reply(Err(refusal))]
    }

    pub(crate) fn joined(&self, name: &str, peers: &[Member]) -> Effect {
        self.reply(Ok(Reply::Joined { room: room(name), peers: Arc::from(peers) }))
    }
}

pub(crate) fn to_one(to: PeerId, event: Event) -> Effect {
    Effect::Send { to: Recipients::One(to), voice: Voice::Mesh, event }
}

pub(crate) fn to_many(to: &[PeerId], event: Event) -> Effect {
    Effect::Send { to: Recipients::Many(to.to_vec()), voice: Voice::Mesh, event }
}

pub(crate) fn existing_peers(name: &str, peers: &[Member]) -> Event {
    Event::ExistingPeers { room: room(name), peers: Arc::from(peers) }
}

pub(crate) fn peer_joined(name: &str, peer: Member) -> Event {
    Event::PeerJoined { room: room(name), peer }
}

pub(crate) fn peer_left(name: &str, peer: Member) -> Event {
    Event::PeerLeft { room: room(name), peer }
}

pub(crate) fn signal(name: &str, from: PeerId, to: Option<PeerId>, form: Form) -> Event {
    Event::Signal { room: room(name), from, to, signal: offer(), form }
}

/// A guest without a name for others to see.
pub(crate) fn guest(peer: PeerId, name: &str, joined_at_ms: u64) -> Member {
    Member { peer, user: user(name), username: None, standing: Standing::Guest, joined_at_ms }
}

pub(crate) fn offer() -> Signal {
    Signal { kind: SignalKind::Offer, body: Body::new(r#"{"type":"offer","sdp":"v=0"}"#) }
}

pub(crate) fn room(name: &str) -> RoomId {
    RoomId::try_from(name).unwrap()
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::try_from(name).unwrap()
}

pub(crate) fn username(name: &str) -> Username {
    Username::try_from(name).unwrap()
}
