//! Random steps against a model so small that it can be believed: a list of who is connected and a list
//! of who is in which room, both in the order of events. It says what every step must cause.

use crate::support::*;
use domain::{
    Command, Effect, Event, Excerpt, Form, Identity, Input, Limits, Member, PeerId, Refusal, RoomId,
    Standing, Stats, Tenant,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const LIMITS: Limits = Limits { max_peers_per_room: 3, max_rooms_per_connection: 2 };
const PEERS: u8 = 6;
const ROOMS: &[&str] = &["one", "two", "__proto__"];
const USERS: &[&str] = &["alice", "bob"];

/// Peers, rooms, users and tenants are small numbers, so that steps often meet.
#[derive(Clone, Debug)]
enum Step {
    Connect { peer: u8, tenant: bool, user: Option<u8>, verified: bool },
    Disconnect { peer: u8 },
    Join { peer: u8, room: u8, claim: Option<u8> },
    Leave { peer: u8, room: Option<u8> },
    Relay { peer: u8, to: u8, room: Option<u8>, envelope: bool },
    Broadcast { peer: u8, room: u8 },
}

#[derive(Default)]
struct Model {
    peers: Vec<Connection>,
    /// Who is where, since when; the first to join first.
    places: Vec<(Place, u64)>,
    rooms_created_total: u64,
}

struct Connection {
    id: u8,
    tenant: bool,
    user: Option<String>,
    verified: bool,
}

#[derive(Clone, Copy, PartialEq)]
struct Place {
    tenant: bool,
    room: u8,
    peer: u8,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_hub_does_what_the_model_says(steps in vec(step(), 1..120)) {
        let mut stage = Stage::with(LIMITS);
        let mut model = Model::default();
        for step in steps {
            if model.is_connected(&step) == matches!(step, Step::Connect { .. }) {
                continue;
            }
            let effects = play(&mut stage, &step);
            prop_assert_eq!(&effects, &model.expect(&stage, &step), "{:?}", step);
            prop_assert_eq!(stage.stats(), model.stats());
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let peer = || 0..PEERS;
    let room = || 0..ROOMS.len() as u8;
    let user = || option::of(0..USERS.len() as u8);
    prop_oneof![
        3 => (peer(), prop::bool::weighted(0.3), user(), any::<bool>())
            .prop_map(|(peer, tenant, user, verified)| Step::Connect { peer, tenant, user, verified }),
        1 => peer().prop_map(|peer| Step::Disconnect { peer }),
        6 => (peer(), room(), user()).prop_map(|(peer, room, claim)| Step::Join { peer, room, claim }),
        2 => (peer(), option::weighted(0.8, room())).prop_map(|(peer, room)| Step::Leave { peer, room }),
        5 => (peer(), peer(), option::of(room()), any::<bool>())
            .prop_map(|(peer, to, room, envelope)| Step::Relay { peer, to, room, envelope }),
        2 => (peer(), room()).prop_map(|(peer, room)| Step::Broadcast { peer, room }),
    ]
}

fn play(stage: &mut Stage, step: &Step) -> Vec<Effect> {
    match *step {
        Step::Connect { peer, tenant, user: claim, verified } => {
            let name = claim.map(|number| user(USERS[number as usize]));
            let identity = match name {
                Some(name) if verified => Identity::verified(name, None),
                name => Identity::guest(name, None),
            };
            let tenant = if tenant { Tenant::try_from("acme").unwrap() } else { Tenant::default() };
            stage.step(Input::Connected { peer: id(peer), tenant, identity })
        }
        Step::Disconnect { peer } => stage.disconnect(id(peer)),
        Step::Join { peer, room, claim } => {
            stage.join_as(id(peer), ROOMS[room as usize], claim.map(|user| USERS[user as usize]))
        }
        Step::Leave { peer, room } => stage.leave(id(peer), room.map(|room| ROOMS[room as usize])),
        Step::Relay { peer, to, room, envelope } => {
            let room = room.map(name);
            let form = form(envelope);
            stage.ask(id(peer), Command::Relay { to: id(to), room, signal: offer(), form })
        }
        Step::Broadcast { peer, room } => stage.broadcast(id(peer), ROOMS[room as usize]),
    }
}

impl Model {
    fn is_connected(&self, step: &Step) -> bool {
        let (Step::Connect { peer, .. }
        | Step::Disconnect { peer }
        | Step::Join { peer, .. }
        | Step::Leave { peer, .. }
        | Step::Relay { peer, .. }
        | Step::Broadcast { peer, .. }) = *step;
        self.peers.iter().any(|connection| connection.id == peer)
    }

    /// Applies the step and says what effects it has.
    fn expect(&mut self, stage: &Stage, step: &Step) -> Vec<Effect> {
        match *step {
            Step::Connect { peer, tenant, user, verified } => {
                let user = user.map(|user| USERS[user as usize].to_owned());
                let verified = verified && user.is_some();
                self.peers.push(Connection { id: peer, tenant, user, verified });
                vec![]
            }
            Step::Disconnect { peer } => {
                let effects = self.leave_all(peer);
                self.peers.retain(|connection| connection.id != peer);
                effects
            }
            Step::Join { peer, room, claim } => self.join(stage, peer, room, claim),
            Step::Leave { peer, room: None } => {
                let mut effects = vec![stage.done()];
                effects.extend(self.leave_all(peer));
                effects
            }
            Step::Leave { peer, room: Some(room) } => {
                if !self.is_in(peer, room) {
                    return stage.refused(Refusal::NotInRoom { room: name(room) });
                }
                let mut effects = vec![stage.done()];
                effects.extend(self.leave_one(self.place(peer, room)));
                effects
            }
            Step::Relay { peer, to, room, envelope } => {
                let shares = |room: u8| self.is_in(peer, room) && self.is_in(to, room);
                let same_world = self.connection(to).is_some_and(|to| to.tenant == self.tenant(peer));
                let mut joined = self.rooms_of(peer);
                joined.retain(|&candidate| shares(candidate) && room.is_none_or(|room| room == candidate));
                match joined.last() {
                    Some(&room) if same_world && to != peer => {
                        let event = signal(ROOMS[room as usize], id(peer), Some(id(to)), form(envelope));
                        vec![to_one(id(to), event), stage.done()]
                    }
                    _ => stage.refused(Refusal::PeerNotFound { peer: Excerpt::of(&id(to).to_string()) }),
                }
            }
            Step::Broadcast { peer, room } => {
                if !self.is_in(peer, room) {
                    return stage.refused(Refusal::NotInRoom { room: name(room) });
                }
                let event = signal(ROOMS[room as usize], id(peer), None, Form::Envelope);
                let mut effects = Vec::from_iter(notice(&self.others(peer, room), event));
                effects.push(stage.done());
                effects
            }
        }
    }

    fn join(&mut self, stage: &Stage, peer: u8, room: u8, claim: Option<u8>) -> Vec<Effect> {
        let claim = claim.map(|user| USERS[user as usize]);
        let connection = self.connection(peer).unwrap();
        if let (true, Some(verified), Some(claimed)) = (connection.verified, &connection.user, claim)
            && verified != claimed
        {
            let (claimed, verified) = (user(claimed), user(verified));
            return stage.refused(Refusal::NotYourIdentity { claimed, verified });
        }
        let others = self.others(peer, room);
        let is_new = !self.is_in(peer, room);
        if is_new && self.rooms_of(peer).len() == LIMITS.max_rooms_per_connection {
            return stage.refused(Refusal::TooManyRooms { limit: LIMITS.max_rooms_per_connection });
        }
        if is_new && others.len() == LIMITS.max_peers_per_room {
            return stage
                .refused(Refusal::RoomFull { room: name(room), capacity: LIMITS.max_peers_per_room });
        }
        if is_new {
            let made = || format!("guest-{}", id(peer));
            let connection = self.peers.iter_mut().find(|connection| connection.id == peer).unwrap();
            connection.user.get_or_insert_with(|| claim.map_or_else(made, str::to_owned));
            self.rooms_created_total += u64::from(others.is_empty());
            self.places.push((self.place(peer, room), stage.wall_ms()));
        }
        let rows: Vec<Member> = others.iter().map(|&other| self.member(other, room)).collect();
        let mut effects = vec![
            to_one(id(peer), existing_peers(ROOMS[room as usize], &rows)),
            stage.joined(ROOMS[room as usize], &rows),
        ];
        if is_new {
            effects.extend(notice(&others, peer_joined(ROOMS[room as usize], self.member(peer, room))));
        }
        effects
    }

    fn leave_all(&mut self, peer: u8) -> Vec<Effect> {
        let rooms = self.rooms_of(peer);
        rooms.into_iter().filter_map(|room| self.leave_one(self.place(peer, room))).collect()
    }

    fn leave_one(&mut self, place: Place) -> Option<Effect> {
        let event = peer_left(ROOMS[place.room as usize], self.member(place.peer, place.room));
        self.places.retain(|(other, _)| *other != place);
        notice(&self.others(place.peer, place.room), event)
    }

    fn connection(&self, peer: u8) -> Option<&Connection> {
        self.peers.iter().find(|connection| connection.id == peer)
    }

    fn tenant(&self, peer: u8) -> bool {
        self.connection(peer).unwrap().tenant
    }

    fn place(&self, peer: u8, room: u8) -> Place {
        Place { tenant: self.tenant(peer), room, peer }
    }

    fn is_in(&self, peer: u8, room: u8) -> bool {
        self.rooms_of(peer).contains(&room)
    }

    fn rooms_of(&self, peer: u8) -> Vec<u8> {
        self.places.iter().filter(|(place, _)| place.peer == peer).map(|(place, _)| place.room).collect()
    }

    fn others(&self, peer: u8, room: u8) -> Vec<u8> {
        let tenant = self.tenant(peer);
        let is_there = |place: &Place| place.tenant == tenant && place.room == room && place.peer != peer;
        self.places.iter().filter(|(place, _)| is_there(place)).map(|(place, _)| place.peer).collect()
    }

    fn member(&self, peer: u8, room: u8) -> Member {
        let connection = self.connection(peer).unwrap();
        let place = self.place(peer, room);
        let (_, joined_at_ms) = *self.places.iter().find(|(other, _)| *other == place).unwrap();
        let standing = if connection.verified { Standing::Verified } else { Standing::Guest };
        Member { standing, ..guest(id(peer), connection.user.as_ref().unwrap(), joined_at_ms) }
    }

    fn stats(&self) -> Stats {
        let is_first = |index: usize, place: Place| {
            let is_same = |other: &Place| other.tenant == place.tenant && other.room == place.room;
            !self.places[..index].iter().any(|(other, _)| is_same(other))
        };
        Stats {
            peers: self.peers.len(),
            rooms: self
                .places
                .iter()
                .enumerate()
                .filter(|(index, (place, _))| is_first(*index, *place))
                .count(),
            memberships: self.places.len(),
            rooms_created_total: self.rooms_created_total,
        }
    }
}

fn notice(to: &[u8], event: Event) -> Option<Effect> {
    let to: Vec<PeerId> = to.iter().map(|&peer| id(peer)).collect();
    (!to.is_empty()).then(|| to_many(&to, event))
}

fn id(peer: u8) -> PeerId {
    PeerId::from_bits(u128::from(peer) << 77 | u128::from(peer))
}

fn name(number: u8) -> RoomId {
    room(ROOMS[number as usize])
}

fn form(envelope: bool) -> Form {
    if envelope { Form::Envelope } else { Form::Plain }
}
