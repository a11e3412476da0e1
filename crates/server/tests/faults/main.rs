//! Hostile clients and bad inputs, against the built program.
//!
//! Each input is sent while two honest clients, who were there before, go on with their call: every step of theirs must
//! be answered. The process must not use 32 MiB more for it at any moment, must have forgotten the hostile client at
//! the end, must have logged no error, and must end well when it is told to.
//!
//! | fault | must get | test |
//! |---|---|---|
//! | transports and session ids that are names of JavaScript, NUL, 4 KB, arrays, or there twice | 400 in Engine.IO's words | `odd_queries_get_an_engine_io_error_and_no_session` |
//! | POST without a session or with an unknown one, PUT, DELETE | 400, and no session | `other_methods_and_posts_without_a_session_make_none` |
//! | 3,000 headers in an upgrade | 431 | `too_many_or_too_long_headers_are_refused` |
//! | 60 KB of blanks in a header, 1 MB of a header in dribbles | 431 | `too_many_or_too_long_headers_are_refused` |
//! | pages of foreign origins, over WebSocket and by polling | 403, or no grant | `pages_of_foreign_origins_get_no_websocket_and_no_grant` |
//! | two lengths, a length and chunks, folded headers, a blank before the colon | 400 and a close | `requests_that_two_servers_could_read_differently_are_refused` |
//! | paths that climb, 70 KB of path | 4xx | `paths_that_climb_and_endless_ones_are_refused` |
//! | an upgrade that is cut | the session goes on polling | `an_upgrade_that_is_cut_leaves_the_session_polling` |
//! | 99 GB announced | 413 at once | `a_post_that_announces_99_gigabytes_is_refused_at_once` |
//! | 100,000 packets in one POST | taken, or the session closed | `a_hundred_thousand_packets_in_one_post_are_taken_or_close_their_session` |
//! | packets that are none, at any layer | the session closed, alone | `what_is_no_packet_closes_its_own_connection` |
//! | binary data where JSON alone is read | a refusal | `binary_data_in_an_event_is_refused_and_the_connection_stays` |
//! | frames that break RFC 6455, 2^62 bytes announced | 1002, 1007, 1009 | `frames_that_break_the_protocol_are_closed_with_its_codes` |
//! | fragments without end | 1008 | `fragments_without_end_are_closed` |
//! | 50,000 pings whose pongs nobody reads | a bounded queue | `fifty_thousand_pings_fill_no_memory` |
//! | 100,000 nested arrays and objects | closed | `json_of_a_hundred_thousand_levels_is_closed` |
//! | names of JavaScript as ids of rooms and users | plain data | `names_of_javascript_are_plain_rooms_and_users` |
//! | numbers and texts at the edges of JSON | refused as ids, relayed as bodies | `the_edges_of_json_are_relayed_or_refused_and_stated` |
//! | forged acknowledgements, ids beyond 64 bits | ignored | `acknowledgements_that_nobody_asked_for_are_ignored` |
//! | 10,000 namespaces, 10,000 rooms, a name of 64 KB | a cap | `ten_thousand_namespaces_are_too_many`, `ten_thousand_rooms_are_too_many` |
//! | EVENT before CONNECT, CONNECT twice, EVENT after DISCONNECT | closed, nothing delivered | `packets_out_of_place_are_closed_and_deliver_nothing` |
//! | 20,000 events at once | the rate limit | `twenty_thousand_events_at_once_wait_for_nobody` |
//! | a receiver that never reads while the room talks | closed, alone | `a_receiver_that_never_reads_is_closed_and_the_room_talks_on` |
//! | 500 idle connections and 300 sessions | the others are answered | `five_hundred_idle_connections_and_three_hundred_sessions_bother_nobody` |
//!
//! Held elsewhere: silent connections, slow heads and bodies (`listener.rs`, `http::body`), descriptors that run out
//! (`exhaustion.rs`), a client that never connects, guessed sessions, attachments and placeholders, compressed frames
//! (there is no compression to bomb), fragments one by one (the tests of `socketio`).

#![expect(clippy::unwrap_used, reason = "a helper of a test is a test: it panics when it cannot go on")]

mod http;
mod load;
mod packets;
mod raw;

use testkit::{Pair, Program};

/// What one hostile connection may cost.
const MOST_MEMORY: u64 = 32 << 20;

/// Nobody stays unnoticed for long.
const NOTICE_SOON: &[&str] = &["--connect-timeout", "2s", "--ping-interval", "2s", "--ping-timeout", "5s"];

/// Does something hostile beside an honest call, and holds what must hold of everything hostile.
async fn beside_a_call(options: &[&str], hostile: impl AsyncFnOnce(&Program)) {
    let options = [NOTICE_SOON, options].concat();
    let folder = env!("CARGO_TARGET_TMPDIR");
    let program = Program::start(env!("CARGO_BIN_EXE_paraclete"), folder, &options).await;
    let mut call = Pair::meet(program.address()).await;
    let before = program.resident_bytes();

    call.while_others(Box::pin(hostile(&program))).await;

    let used = program.peak_bytes().saturating_sub(before);
    assert!(used < MOST_MEMORY, "{used} bytes of memory for it");
    program.counts(2, 2, 1).await;
    call.round().await;
    drop(call);
    program.counts(0, 0, 0).await;
    program.terminate();
    let (status, log) = program.ends().await;
    assert!(status.success(), "{status}: {log}");
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
}
