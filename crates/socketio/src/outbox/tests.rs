//! What waits, in which form it waits, how much may wait, and who is woken by what.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Wake,
};

use super::*;

/// Counts how often the task was woken.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Task {
    fn wakes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs `poll` as the task would.
fn polled<T>(task: &Arc<Task>, poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
    poll(&mut Context::from_waker(&Waker::from(Arc::clone(task))))
}

fn websocket() -> (Outbox, Arc<Task>) {
    (Outbox::new(Format::WebSocket, 100), Arc::default())
}

fn polling(packets: &[&str]) -> Outbox {
    let outbox = Outbox::new(Format::Polling, 10_000);
    for packet in packets {
        outbox.push(&[packet.as_bytes()], &[]).unwrap();
    }
    outbox
}

fn payload(outbox: &Outbox, max_packets: usize) -> Option<String> {
    outbox.take_payload(max_packets).map(|payload| String::from_utf8(payload).unwrap())
}

#[test]
fn a_websockets_packets_wait_as_frames_for_one_write() {
    let (outbox, task) = websocket();
    outbox.push(&[b"4", b"", b"2[]"], &[Bytes::from_static(b"ab")]).unwrap();
    outbox.push_control(Opcode::Pong, b"?").unwrap();
    outbox.push_binary(b"c").unwrap();
    let frames = b"\x81\x0442[]\x82\x02ab\x8a\x01?\x82\x01c".to_vec();
    assert_eq!(polled(&task, |cx| outbox.poll_work(cx)), Poll::Ready(Work::Write(frames)));
    assert_eq!(polled(&task, |cx| outbox.poll_work(cx)), Poll::Pending);
}

#[test]
fn a_pollers_packets_wait_as_a_payload_without_control_frames() {
    let outbox = polling(&["4a"]);
    outbox.push(&[b"45", b"1-"], &[Bytes::from_static(&[1, 2, 3, 4])]).unwrap();
    outbox.push_control(Opcode::Pong, b"?").unwrap();
    assert_eq!(payload(&outbox, 16).as_deref(), Some("4a\x1e451-\x1ebAQIDBA=="));
    assert_eq!(payload(&outbox, 16), None);
}

#[test]
fn a_payload_has_at_most_so_many_packets_and_the_rest_stays() {
    let outbox = polling(&["4a", "4b", "4c", "4d", "4e"]);
    assert_eq!(payload(&outbox, 2).as_deref(), Some("4a\x1e4b"));
    assert_eq!(payload(&outbox, 2).as_deref(), Some("4c\x1e4d"));
    outbox.push(&[b"4f"], &[]).unwrap();
    assert_eq!(payload(&outbox, 2).as_deref(), Some("4e\x1e4f"));
    assert_eq!(payload(&outbox, 2), None);
}

#[test]
fn what_waits_at_the_upgrade_is_framed_as_if_it_had_been_said_after() {
    let outbox = polling(&["4text", "42[\"b\"]"]);
    outbox.push_binary(&[1, 2, 3, 4]).unwrap();
    outbox.push_binary(&[]).unwrap();
    outbox.upgrade();
    outbox.push(&[b"4after"], &[]).unwrap();
    outbox.upgrade();
    let expected = b"\x81\x054text\x81\x0742[\"b\"]\x82\x04\x01\x02\x03\x04\x82\x00\x81\x064after";
    assert_eq!(outbox.take_all(), expected);
}

#[test]
fn an_upgrade_of_an_empty_outbox_leaves_it_empty() {
    let outbox = polling(&[]);
    outbox.upgrade();
    assert_eq!(outbox.take_all(), b"");
}

#[test]
fn what_waits_is_bounded_and_one_message_too_many_closes_and_frees_it() {
    let (outbox, task) = websocket();
    outbox.push(&[&[b'a'; 98]], &[]).unwrap();
    assert_eq!(outbox.push(&[b""], &[]), Err(Closed));
    assert_eq!(outbox.push(&[b""], &[]), Err(Closed));
    assert_eq!(outbox.take_all(), b"");
    assert_eq!(polled(&task, |cx| outbox.poll_work(cx)), Poll::Ready(Work::Close(Reason::SlowConsumer)));
}

#[test]
fn what_was_taken_counts_until_it_was_written() {
    let (outbox, task) = websocket();
    outbox.push(&[&[b'a'; 58]], &[]).unwrap();
    assert!(matches!(polled(&task, |cx| outbox.poll_work(cx)), Poll::Ready(Work::Write(_))));
    outbox.push(&[&[b'a'; 38]], &[]).unwrap();
    assert_eq!(outbox.push(&[b""], &[]), Err(Closed));

    let (outbox, task) = websocket();
    outbox.push(&[&[b'a'; 58]], &[]).unwrap();
    assert!(matches!(polled(&task, |cx| outbox.poll_work(cx)), Poll::Ready(Work::Write(_))));
    assert_eq!(polled(&task, |cx| outbox.poll_work(cx)), Poll::Pending, "which asking for more says");
    outbox.push(&[&[b'a'; 98]], &[]).unwrap();
}

#[test]
fn a_task_that_sleeps_for_work_is_woken_once_by_what_comes() {
    let (outbox, task) = websocket();
    assert_eq!(polled(&task, |cx| outbox.poll_work(cx)), Poll::Pending);
    outbox.push(&[b"a"], &[]).unwrap();
    outbox.push(&[b"b"], &[]).unwrap();
    assert_eq!(task.wakes(), 1);
}

#[test]
fn a_task_that_cannot_write_sleeps_through_what_comes_and_wakes_for_the_end() {
    let (outbox, task) = websocket();
    assert_eq!(polled(&task, |cx| outbox.poll_urgent(cx)), Poll::Pending);
    outbox.push(&[b"a"], &[]).unwrap();
    assert_eq!(task.wakes(), 0);
    outbox.close(Reason::ServerClosed);
    assert_eq!(task.wakes(), 1);
    assert_eq!(polled(&task, |cx| outbox.poll_urgent(cx)), Poll::Ready(Work::Close(Reason::ServerClosed)));
}

#[test]
fn a_task_that_cannot_write_wakes_when_it_is_too_much() {
    let (outbox, task) = websocket();
    assert_eq!(polled(&task, |cx| outbox.poll_urgent(cx)), Poll::Pending);
    assert_eq!(outbox.push(&[&[b'a'; 101]], &[]), Err(Closed));
    assert_eq!(task.wakes(), 1);
    assert_eq!(polled(&task, |cx| outbox.poll_urgent(cx)), Poll::Ready(Work::Close(Reason::SlowConsumer)));
}

#[test]
fn a_call_for_attention_wakes_the_task_and_is_heard_once_and_before_the_end() {
    let (outbox, task) = websocket();
    assert_eq!(polled(&task, |cx| outbox.poll_urgent(cx)), Poll::Pending);
    outbox.call_attention();
    assert_eq!(task.wakes(), 1);
    outbox.close(Reason::ServerClosed);
    assert_eq!(polled(&task, |cx| outbox.poll_urgent(cx)), Poll::Ready(Work::Attend));
    assert_eq!(polled(&task, |cx| outbox.poll_urgent(cx)), Poll::Ready(Work::Close(Reason::ServerClosed)));
}

#[test]
fn the_task_that_asked_last_is_the_one_that_is_woken() {
    let (outbox, first) = websocket();
    let second = Arc::default();
    assert_eq!(polled(&first, |cx| outbox.poll_work(cx)), Poll::Pending);
    assert_eq!(polled(&second, |cx| outbox.poll_work(cx)), Poll::Pending);
    outbox.push(&[b"a"], &[]).unwrap();
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
}

#[test]
fn what_was_said_before_the_end_is_written_before_it_and_the_first_reason_stays() {
    let (outbox, task) = websocket();
    outbox.push(&[b"a"], &[]).unwrap();
    outbox.close(Reason::Shutdown);
    outbox.close(Reason::ServerClosed);
    assert_eq!(outbox.push(&[b"b"], &[]), Err(Closed));
    assert_eq!(polled(&task, |cx| outbox.poll_work(cx)), Poll::Ready(Work::Write(b"\x81\x01a".to_vec())));
    assert_eq!(polled(&task, |cx| outbox.poll_work(cx)), Poll::Ready(Work::Close(Reason::Shutdown)));
}

#[test]
fn the_last_packet_goes_out_although_the_connection_is_closing() {
    let outbox = polling(&["4a"]);
    outbox.close(Reason::Shutdown);
    outbox.push_last(b"1");
    assert_eq!(payload(&outbox, 16).as_deref(), Some("4a\x1e1"));
}

#[test]
fn a_poll_that_waits_is_woken_by_what_comes() {
    let (outbox, task) = (polling(&[]), Arc::default());
    assert_eq!(polled(&task, |cx| outbox.poll_payload(cx, 16)), Poll::Pending);
    outbox.push(&[b"4a"], &[]).unwrap();
    assert_eq!(task.wakes(), 1);
    assert_eq!(polled(&task, |cx| outbox.poll_payload(cx, 16)), Poll::Ready(Work::Write(b"4a".to_vec())));
}

#[test]
fn the_buffer_of_a_reader_who_is_behind_has_room_for_what_may_wait_and_no_more() {
    const MAX_BYTES: usize = 5 << 20;
    let outbox = Outbox::new(Format::WebSocket, MAX_BYTES);
    let mut largest = 0;
    while outbox.push(&[&[b'x'; 100_000]], &[]).is_ok() {
        largest = largest.max(outbox.lock().bytes.capacity());
    }
    assert!((MAX_BYTES..=MAX_BYTES + FRAMING_BYTES).contains(&largest), "{largest}");
}
