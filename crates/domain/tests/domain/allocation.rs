//! The relay is the hot path: it costs no memory.

use std::time::Instant;

use crate::support::{ALICE, BOB, offer, room};
use domain::{Command, Form, Hub, Identity, Input, Limits, Now, PeerId, Tenant, Ticket, Voice};

#[test]
fn a_relay_allocates_nothing() {
    let mut hub = Hub::new(Limits::default());
    let now = Now { instant: Instant::now(), wall_ms: 0 };
    for peer in [ALICE, BOB] {
        let identity = Identity::guest(None, None);
        hub.handle(now, Input::Connected { peer, tenant: Tenant::default(), identity });
        ask(&mut hub, now, peer, Command::Join { room: room("standup"), user: None, voice: Voice::Mesh });
    }

    for named in [None, Some(room("standup"))] {
        let command = Command::Relay { to: BOB, room: named, signal: offer(), form: Form::Plain };
        let counted = allocation_counter::measure(|| ask(&mut hub, now, ALICE, command));
        assert_eq!(counted.count_total, 0);
    }
}

fn ask(hub: &mut Hub, now: Now, peer: PeerId, command: Command) {
    hub.handle(now, Input::Command { peer, ticket: Ticket(0), command });
    while hub.poll().is_some() {}
}
