//! Random steps against a model so small that it can be believed: a list of who is connected and a list
//! of who is in which room, both in the order of events. It says what every step must cause.

use crate::record::Record;
use crate::support::*;
use domain::{
    Answer, Command, Effect, Event, Excerpt, Form, Grants, Identity, Input, Key, LOAD_LIMIT, Limits, Member,
    PeerId, Refusal, Reply, RoomId, Standing, Stats, Tenant, Ticket,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const LIMITS: Limits = Limits { max_peers_per_room: 3, max_rooms_per_connection: 2, max_held_commands: 3 };
const PEERS: u8 = 6;
/// More than come in one run.
const MAX_COMINGS: u8 = u8::MAX / PEERS;
const ROOMS: &[&str] = &["one", "two", "__proto__"];
const USERS: &[&str] = &["alice", "bob"];
const ANSWERS: &[Answer] = &[Answer::Unknown, Answer::Known, Answer::Away];

/// Peers, rooms, users and tenants are small numbers, so that steps often meet. Grants are a bit for each room.
#[derive(Clone, Copy, Debug)]
enum Step {
    Connect { peer: u8, tenant: bool, user: Option<u8>, verified: bool, grants: Option<u8> },
    Renew { peer: u8, grants: Option<u8> },
    Loaded { tenant: bool, user: u8, answer: u8 },
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
    /// Who waits for which answer, the first to ask first.
    asked: Vec<(bool, u8, u8)>,
    rooms_created_total: u64,
}

struct Connection {
    id: u8,
    tenant: bool,
    user: Option<String>,
    verified: bool,
    grants: Option<u8>,
    /// The join that waits, and what was asked behind it.
    held: Vec<(Ticket, Step)>,
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
        let mut record = Record::default();
        let mut comings = [0; PEERS as usize];
        for step in steps {
            let step = with_its_own_id(step, &mut comings);
            if !model.may_happen(&step) {
                continue;
            }
            let effects = play(&mut stage, step);
            let expected = model.expect(stage.ticket(), stage.wall_ms(), step);
            prop_assert_eq!(&effects, &expected, "{:?}", step);
            prop_assert_eq!(stage.stats(), model.stats());
            record.append(stage.take_facts());
            prop_assert_eq!(record.rows(), model.rows(), "{:?}", step);
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let peer = || 0..PEERS;
    let room = || 0..ROOMS.len() as u8;
    let some_user = || 0..USERS.len() as u8;
    let user = move || option::of(some_user());
    let grants = || option::weighted(0.3, 0..1u8 << ROOMS.len());
    let tenant = || prop::bool::weighted(0.3);
    prop_oneof![
        3 => (peer(), tenant(), user(), any::<bool>(), grants()).prop_map(
            |(peer, tenant, user, verified, grants)| Step::Connect { peer, tenant, user, verified, grants }
        ),
        1 => (peer(), grants()).prop_map(|(peer, grants)| Step::Renew { peer, grants }),
        3 => (tenant(), some_user(), 0..ANSWERS.len() as u8)
            .prop_map(|(tenant, user, answer)| Step::Loaded { tenant, user, answer }),
        1 => peer().prop_map(|peer| Step::Disconnect { peer }),
        6 => (peer(), room(), user()).prop_map(|(peer, room, claim)| Step::Join { peer, room, claim }),
        2 => (peer(), option::weighted(0.8, room())).prop_map(|(peer, room)| Step::Leave { peer, room }),
        5 => (peer(), peer(), option::of(room()), any::<bool>())
            .prop_map(|(peer, to, room, envelope)| Step::Relay { peer, to, room, envelope }),
        2 => (peer(), room()).prop_map(|(peer, room)| Step::Broadcast { peer, room }),
    ]
}

/// A connection that comes again has another id: no id is ever used twice.
fn with_its_own_id(mut step: Step, comings: &mut [u8; PEERS as usize]) -> Step {
    let number = |peer: u8, comings: &[u8; PEERS as usize]| peer + comings[peer as usize] * PEERS;
    if let Step::Disconnect { peer } = step {
        step = Step::Disconnect { peer: number(peer, comings) };
        comings[peer as usize] = (comings[peer as usize] + 1) % MAX_COMINGS;
        return step;
    }
    if let Step::Relay { to, .. } = &mut step {
        *to = number(*to, comings);
    }
    if let Step::Connect { peer, .. }
    | Step::Renew { peer, .. }
    | Step::Join { peer, .. }
    | Step::Leave { peer, .. }
    | Step::Relay { peer, .. }
    | Step::Broadcast { peer, .. } = &mut step
    {
        *peer = number(*peer, comings);
    }
    step
}

fn play(stage: &mut Stage, step: Step) -> Vec<Effect> {
    match step {
        Step::Connect { peer, tenant: other, user: claim, verified, grants: bits } => {
            let name = claim.map(|number| user(USERS[number as usize]));
            let identity = match name {
                Some(name) if verified => Identity::verified(name, None).with_grants(bits.map(grants)),
                name => Identity::guest(name, None),
            };
            stage.step(Input::Connected { peer: id(peer), tenant: tenant(other), identity })
        }
        Step::Renew { peer, grants: bits } => {
            let identity = stage.identity(id(peer)).with_grants(bits.map(grants));
            stage.step(Input::Renewed { peer: id(peer), identity })
        }
        Step::Loaded { tenant, user, answer } => {
            stage.step(Input::Loaded { key: key(tenant, user), answer: ANSWERS[answer as usize] })
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
    fn may_happen(&self, step: &Step) -> bool {
        match *step {
            Step::Connect { peer, .. } => self.connection(peer).is_none(),
            Step::Renew { peer, .. } => self.connection(peer).is_some_and(|connection| connection.verified),
            Step::Loaded { .. } => true,
            Step::Disconnect { peer }
            | Step::Join { peer, .. }
            | Step::Leave { peer, .. }
            | Step::Relay { peer, .. }
            | Step::Broadcast { peer, .. } => self.connection(peer).is_some(),
        }
    }

    /// Applies the step and says what effects it has.
    fn expect(&mut self, ticket: Ticket, wall_ms: u64, step: Step) -> Vec<Effect> {
        match step {
            Step::Connect { peer, tenant, user, verified, grants } => {
                let user = user.map(|user| USERS[user as usize].to_owned());
                let verified = verified && user.is_some();
                let grants = grants.filter(|_| verified);
                self.peers.push(Connection { id: peer, tenant, user, verified, grants, held: vec![] });
                vec![]
            }
            Step::Renew { peer, grants } => {
                self.connection_mut(peer).grants = grants;
                vec![]
            }
            Step::Loaded { tenant, user, answer } => self.loaded(wall_ms, tenant, user, answer),
            Step::Disconnect { peer } => {
                let held = std::mem::take(&mut self.connection_mut(peer).held);
                self.asked.retain(|(_, _, other)| *other != peer);
                let mut effects: Vec<Effect> =
                    held.into_iter().map(|(ticket, _)| answered(ticket, Err(Refusal::Unavailable))).collect();
                effects.extend(self.leave_all(peer));
                self.peers.retain(|connection| connection.id != peer);
                effects
            }
            Step::Join { peer, .. }
            | Step::Leave { peer, .. }
            | Step::Relay { peer, .. }
            | Step::Broadcast { peer, .. } => self.command(ticket, wall_ms, peer, step),
        }
    }

    fn loaded(&mut self, wall_ms: u64, tenant: bool, user_number: u8, answer: u8) -> Vec<Effect> {
        let is_it = |(of, about, _): &(bool, u8, u8)| *of == tenant && *about == user_number;
        let Some(index) = self.asked.iter().position(is_it) else { return vec![] };
        let (_, _, peer) = self.asked.remove(index);
        let mut held = std::mem::take(&mut self.connection_mut(peer).held).into_iter();
        let (ticket, join) = held.next().unwrap();
        let Step::Join { room, claim, .. } = join else { panic!("only joins wait for an answer") };
        let mut effects = match ANSWERS[answer as usize] {
            Answer::Unknown => self.join(ticket, wall_ms, peer, room, claim, true),
            Answer::Known => refused(ticket, Refusal::IdTaken { user: user(USERS[user_number as usize]) }),
            Answer::Away => refused(ticket, Refusal::Unavailable),
        };
        for (ticket, step) in held {
            effects.extend(self.command(ticket, wall_ms, peer, step));
        }
        effects
    }

    fn command(&mut self, ticket: Ticket, wall_ms: u64, peer: u8, step: Step) -> Vec<Effect> {
        let held = &mut self.connection_mut(peer).held;
        match held.len() {
            0 => {}
            waiting if waiting <= LIMITS.max_held_commands => {
                held.push((ticket, step));
                return vec![];
            }
            _ => {
                let retry_after_ms = LOAD_LIMIT.as_millis() as u64;
                return refused(ticket, Refusal::RateLimited { retry_after_ms });
            }
        }
        let done = answered(ticket, Ok(Reply::Done));
        match step {
            Step::Join { room, claim, .. } => self.join(ticket, wall_ms, peer, room, claim, false),
            Step::Leave { room: None, .. } => {
                let mut effects = vec![done];
                effects.extend(self.leave_all(peer));
                effects
            }
            Step::Leave { room: Some(room), .. } => {
                if !self.is_in(peer, room) {
                    return refused(ticket, Refusal::NotInRoom { room: name(room) });
                }
                let mut effects = vec![done];
                effects.extend(self.leave_one(self.place(peer, room)));
                effects
            }
            Step::Relay { to, room, envelope, .. } => {
                let shares = |room: u8| self.is_in(peer, room) && self.is_in(to, room);
                let same_world = self.connection(to).is_some_and(|to| to.tenant == self.tenant(peer));
                let mut joined = self.rooms_of(peer);
                joined.retain(|&candidate| shares(candidate) && room.is_none_or(|room| room == candidate));
                match joined.last() {
                    Some(&room) if same_world && to != peer => {
                        let event = signal(ROOMS[room as usize], id(peer), Some(id(to)), form(envelope));
                        vec![to_one(id(to), event), done]
                    }
                    _ => refused(ticket, Refusal::PeerNotFound { peer: Excerpt::of(&id(to).to_string()) }),
                }
            }
            Step::Broadcast { room, .. } => {
                if !self.is_in(peer, room) {
                    return refused(ticket, Refusal::NotInRoom { room: name(room) });
                }
                let event = signal(ROOMS[room as usize], id(peer), None, Form::Envelope);
                let mut effects = Vec::from_iter(notice(&self.others(peer, room), event));
                effects.push(done);
                effects
            }
            Step::Connect { .. } | Step::Renew { .. } | Step::Loaded { .. } | Step::Disconnect { .. } => {
                panic!("{step:?} is no command")
            }
        }
    }

    fn join(
        &mut self,
        ticket: Ticket,
        wall_ms: u64,
        peer: u8,
        room: u8,
        claim: Option<u8>,
        claim_is_free: bool,
    ) -> Vec<Effect> {
        if let Some(refusal) = self.refusal_of_join(peer, room, claim.map(|user| USERS[user as usize])) {
            return refused(ticket, refusal);
        }
        let others = self.others(peer, room);
        let is_new = !self.is_in(peer, room);
        if is_new {
            let tenant = self.tenant(peer);
            let connection = self.connection_mut(peer);
            if let (None, Some(user), false) = (&connection.user, claim, claim_is_free) {
                connection.held.push((ticket, Step::Join { peer, room, claim }));
                self.asked.push((tenant, user, peer));
                return vec![Effect::Load { key: key(tenant, user) }];
            }
            let made = || format!("guest-{}", id(peer));
            let claim = claim.map(|user| USERS[user as usize]);
            connection.user.get_or_insert_with(|| claim.map_or_else(made, str::to_owned));
            self.rooms_created_total += u64::from(others.is_empty());
            self.places.push((self.place(peer, room), wall_ms));
        }
        let rows: Vec<Member> = others.iter().map(|&other| self.member(other, room)).collect();
        let joined = Reply::Joined { room: name(room), peers: rows.as_slice().into() };
        let mut effects =
            vec![to_one(id(peer), existing_peers(ROOMS[room as usize], &rows)), answered(ticket, Ok(joined))];
        if is_new {
            effects.extend(notice(&others, peer_joined(ROOMS[room as usize], self.member(peer, room))));
        }
        effects
    }

    fn refusal_of_join(&self, peer: u8, room: u8, claim: Option<&str>) -> Option<Refusal> {
        let connection = self.connection(peer).unwrap();
        if let (true, Some(verified), Some(claimed)) = (connection.verified, &connection.user, claim)
            && verified != claimed
        {
            let (claimed, verified) = (user(claimed), user(verified));
            return Some(Refusal::NotYourIdentity { claimed, verified });
        }
        if connection.grants.is_some_and(|bits| bits & 1 << room == 0) {
            return Some(Refusal::NotGranted { room: name(room) });
        }
        if self.is_in(peer, room) {
            return None;
        }
        if self.rooms_of(peer).len() == LIMITS.max_rooms_per_connection {
            return Some(Refusal::TooManyRooms { limit: LIMITS.max_rooms_per_connection });
        }
        if self.others(peer, room).len() == LIMITS.max_peers_per_room {
            return Some(Refusal::RoomFull { room: name(room), capacity: LIMITS.max_peers_per_room });
        }
        let wanted = connection.user.as_deref().or(claim)?;
        let has_it = |other: &&Connection| {
            other.verified && other.tenant == connection.tenant && other.user.as_deref() == Some(wanted)
        };
        let owner = self.peers.iter().find(has_it).filter(|_| !connection.verified);
        owner.map(|_| Refusal::IdTaken { user: user(wanted) })
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

    fn connection_mut(&mut self, peer: u8) -> &mut Connection {
        self.peers.iter_mut().find(|connection| connection.id == peer).unwrap()
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

    /// Who is where, as a record of facts has it: tenant, room, connection, user, standing and since when.
    fn rows(&self) -> Vec<(Tenant, Member, RoomId)> {
        let row = |(place, _): &(Place, u64)| {
            (tenant(place.tenant), self.member(place.peer, place.room), name(place.room))
        };
        self.places.iter().map(row).collect()
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

fn refused(ticket: Ticket, refusal: Refusal) -> Vec<Effect> {
    vec![answered(ticket, Err(refusal))]
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

fn tenant(other: bool) -> Tenant {
    if other { Tenant::try_from("acme").unwrap() } else { Tenant::default() }
}

fn key(other: bool, number: u8) -> Key {
    Key::Subject { tenant: tenant(other), user: user(USERS[number as usize]) }
}

fn grants(bits: u8) -> Grants {
    let covered = |(number, _): &(usize, &&str)| bits & 1 << number != 0;
    let names: Vec<&str> = ROOMS.iter().enumerate().filter(covered).map(|(_, name)| *name).collect();
    entry_to(&names)
}
