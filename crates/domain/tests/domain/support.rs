//! A hub on a stage: inputs in the words of the rules, effects as a list, the rules checked after each step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use domain::{
    Answer, Body, Command, Effect, Event, Fact, Form, Grant, Grants, Hub, Identity, Input, Key, Limits,
    Member, Now, PeerId, Recipients, Refusal, Reply, RoomId, RoomPattern, Signal, SignalKind, Standing,
    Stats, Tenant, Ticket, UserId, Username, Voice,
};

pub(crate) const ALICE: PeerId = PeerId::from_bits(0xa11ce);
pub(crate) const BOB: PeerId = PeerId::from_bits(0xb0b);
pub(crate) const CAROL: PeerId = PeerId::from_bits(0xca401);

pub(crate) struct Stage {
    hub: Hub,
    now: Now,
    tickets: u64,
    facts: Vec<Fact>,
    identities: BTreeMap<PeerId, Identity>,
}

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Stage {
        let now = Now { instant: Instant::now(), wall_ms: 1_000 };
        Stage { hub: Hub::new(limits), now, tickets: 0, facts: vec![], identities: BTreeMap::new() }
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

    /// Hands in what the store says of a user of the default world.
    pub(crate) fn loaded(&mut self, name: &str, answer: Answer) -> Vec<Effect> {
        let Effect::Load { key } = load(name) else { unreachable!("a load has a key") };
        self.step(Input::Loaded { key, answer })
    }

    /// The wall clock goes on by a millisecond with each step. What is to be written down is put aside: see
    /// [`Stage::take_facts`].
    pub(crate) fn step(&mut self, input: Input) -> Vec<Effect> {
        self.now.wall_ms += 1;
        if let Input::Connected { peer, identity, .. } = &input {
            self.identities.insert(*peer, identity.clone());
        }
        self.hub.handle(self.now, input);
        let mut effects = Vec::new();
        while let Some(effect) = self.hub.poll() {
            match effect {
                Effect::Save(fact) => self.facts.push(fact),
                Effect::Send { .. } | Effect::Reply { .. } | Effect::Load { .. } => effects.push(effect),
            }
        }
        self.hub.check();
        effects
    }

    /// Who a connection was when it came.
    pub(crate) fn identity(&self, peer: PeerId) -> Identity {
        self.identities[&peer].clone()
    }

    /// The facts since the last time.
    pub(crate) fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    /// The ticket of the last command.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(self.tickets)
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

/// The question whether a user of the default world is known.
pub(crate) fn load(name: &str) -> Effect {
    Effect::Load { key: Key::Subject { tenant: Tenant::default(), user: user(name) } }
}

/// The answer to an earlier command.
pub(crate) fn answered(ticket: Ticket, result: Result<Reply, Refusal>) -> Effect {
    Effect::Reply { ticket, result }
}

/// Leave to enter the rooms of these patterns.
pub(crate) fn entry_to(patterns: &[&str]) -> Grants {
    let grant = |text: &&str| Grant {
        pattern: RoomPattern::try_from(*text).unwrap(),
        join: true,
        publish: false,
        admin: false,
    };
    Grants::try_from(patterns.iter().map(grant).collect::<Vec<_>>()).unwrap()
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
