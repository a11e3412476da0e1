//! RFC 6455, section 5: what is a frame, what is none, and that it does not matter how the bytes arrive.

use proptest::prelude::*;

use super::*;

const FIN: u8 = 0x80;

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut out = Vec::new();
    encode_header(&mut out, Opcode::Text, payload.len());
    out[0] = first;
    out[1] |= 0x80;
    out.extend_from_slice(&KEY);
    out.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    out
}

fn decoder() -> Decoder {
    limited(1_000_000, 4096)
}

fn limited(max_payload_bytes: usize, max_fragments: usize) -> Decoder {
    Decoder::new(&Limits { max_payload_bytes, max_fragments, ..Limits::default() })
}

fn summary(frame: &Frame<'_>) -> String {
    match frame {
        Frame::Text(text) => format!("text {text}"),
        Frame::Binary(data) => format!("binary {}", data.escape_ascii()),
        Frame::Ping(payload) => format!("ping {}", payload.escape_ascii()),
        Frame::Pong => "pong".to_owned(),
        Frame::Close(code) => format!("close {code:?}"),
        Frame::Fragment => "fragment".to_owned(),
    }
}

/// What the frames of a stream say, and how it ended: with the reason that closed it, or with bytes left over.
fn read(decoder: &mut Decoder, stream: &[u8]) -> (Vec<String>, Result<usize, Reason>) {
    let (mut stream, mut frames, mut at) = (stream.to_vec(), Vec::new(), 0);
    loop {
        match decoder.next(&mut stream[at..]) {
            Ok(Some((used, frame))) => {
                frames.push(summary(&frame));
                at += used;
            }
            Ok(None) => return (frames, Ok(stream.len() - at)),
            Err(reason) => return (frames, Err(reason)),
        }
    }
}

#[test]
fn every_frame_that_a_client_may_send_is_read() {
    for (bytes, expected) in [
        (frame(FIN | 1, b""), "text "),
        (frame(FIN | 1, "é😀".as_bytes()), "text é😀"),
        (frame(FIN | 2, &[0, 255]), r"binary \x00\xff"),
        (frame(FIN | 8, b""), "close None"),
        (frame(FIN | 8, &1000u16.to_be_bytes()), "close Some(1000)"),
        (frame(FIN | 8, &[&1003u16.to_be_bytes()[..], &[b'x'; 123]].concat()), "close Some(1003)"),
        (frame(FIN | 9, b"?"), "ping ?"),
        (frame(FIN | 10, b"!"), "pong"),
        (frame(1, b"a"), "fragment"),
    ] {
        assert_eq!(read(&mut decoder(), &bytes), (vec![expected.to_owned()], Ok(0)), "{expected}");
    }
}

#[test]
fn what_the_rfc_forbids_is_refused_by_the_first_bytes_that_show_it() {
    for first in [
        0xc1, 0xa1, 0x91, 0xf1, 0x83, 0x84, 0x85, 0x86, 0x87, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x03, 0x08, 0x09,
        0x0a,
    ] {
        assert_eq!(decoder().next(&mut [first, 0x80]), Err(Reason::Protocol), "{first:#x}");
    }
    for unmasked in [0x00, 0x05, 0x7e, 0x7f] {
        assert_eq!(decoder().next(&mut [FIN | 1, unmasked]), Err(Reason::Protocol));
    }
    for long_control in [FIN | 8, FIN | 9, FIN | 10] {
        assert_eq!(decoder().next(&mut [long_control, 0x80 | 126]), Err(Reason::Protocol));
        assert_eq!(decoder().next(&mut [long_control, 0x80 | 127]), Err(Reason::Protocol));
    }
}

#[test]
fn fragments_come_in_one_message_after_the_other() {
    for (stream, frames, reason) in [
        (vec![frame(FIN, b"a")], 0, Reason::Protocol),
        (vec![frame(0, b"a")], 0, Reason::Protocol),
        (vec![frame(1, b"a"), frame(1, b"b")], 1, Reason::Protocol),
        (vec![frame(1, b"a"), frame(FIN | 2, b"b")], 1, Reason::Protocol),
        (vec![frame(1, b"a"), frame(FIN, b"b"), frame(FIN, b"c")], 2, Reason::Protocol),
        (vec![frame(1, b"\xc3"), frame(FIN, b"\x28")], 1, Reason::NotUtf8),
    ] {
        let (read, end) = read(&mut decoder(), &stream.concat());
        assert_eq!((read.len(), end), (frames, Err(reason)));
    }
    let stream =
        [frame(2, b"a"), frame(FIN | 9, b""), frame(0, b""), frame(FIN, b"b"), frame(FIN | 1, b"c")].concat();
    let (frames, end) = read(&mut decoder(), &stream);
    assert_eq!((frames.join(", ").as_str(), end), ("fragment, ping , fragment, binary ab, text c", Ok(0)));
}

#[test]
fn a_message_has_at_most_so_many_fragments() {
    let stream = |continuations: usize| [frame(1, b""), frame(0, b"").repeat(continuations)].concat();
    assert_eq!(read(&mut limited(10, 4), &stream(3)).1, Ok(0));
    assert_eq!(read(&mut limited(10, 4), &stream(4)).1, Err(Reason::TooManyFragments));
    let next = [stream(2), frame(FIN, b""), stream(2), frame(FIN, b"")].concat();
    assert_eq!(read(&mut limited(10, 4), &next).1, Ok(0), "each message has its own");
}

#[test]
fn a_message_has_at_most_so_many_bytes_and_the_announcement_is_enough_to_refuse_it() {
    let announce = |first: u8, bytes: u64| [&[first, 0xff][..], &bytes.to_be_bytes()].concat();
    for bytes in [11, 1 << 31, 1 << 62, u64::MAX] {
        assert_eq!(read(&mut limited(10, 4), &announce(FIN | 1, bytes)).1, Err(Reason::TooLarge));
        assert_eq!(read(&mut limited(10, 4), &announce(2, bytes)).1, Err(Reason::TooLarge));
    }
    assert_eq!(read(&mut limited(10, 4), &frame(FIN | 1, &[b'a'; 10])).1, Ok(0));
    let together = |last: usize| [frame(1, &[b'a'; 4]), frame(FIN, &vec![b'a'; last])].concat();
    assert_eq!(read(&mut limited(10, 4), &together(6)).1, Ok(0));
    assert_eq!(read(&mut limited(10, 4), &together(7)).1, Err(Reason::TooLarge));
    let ping = [frame(1, &[b'a'; 10]), frame(FIN | 9, &[b'p'; 125]), frame(FIN, b"")].concat();
    assert_eq!(read(&mut limited(10, 4), &ping).1, Ok(0), "a control frame is no part of the message");
}

#[test]
fn a_close_frame_says_a_code_that_may_be_said() {
    for code in
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
    {
        let bytes = frame(FIN | 8, &u16::to_be_bytes(code));
        assert_eq!(read(&mut decoder(), &bytes).0, [format!("close Some({code})")]);
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535] {
        let bytes = frame(FIN | 8, &u16::to_be_bytes(code));
        assert_eq!(read(&mut decoder(), &bytes).1, Err(Reason::Protocol), "{code}");
    }
    assert_eq!(read(&mut decoder(), &frame(FIN | 8, b"x")).1, Err(Reason::Protocol));
    assert_eq!(read(&mut decoder(), &frame(FIN | 8, b"\x03\xe8\xff")).1, Err(Reason::NotUtf8));
}

#[test]
fn wherever_a_stream_is_cut_it_reads_the_same() {
    let stream = [
        frame(FIN | 1, "é😀".as_bytes()),
        frame(1, &"é".as_bytes()[..1]),
        frame(FIN | 9, b"ping"),
        frame(FIN, &"é".as_bytes()[1..]),
        frame(FIN | 2, &[7; 300]),
        frame(FIN | 8, &1000u16.to_be_bytes()),
    ]
    .concat();
    let whole = read(&mut decoder(), &stream);
    assert_eq!(whole.1, Ok(0));
    for cut in 0..=stream.len() {
        let mut decoder = decoder();
        let (mut frames, left) = read(&mut decoder, &stream[..cut]);
        frames.extend(read(&mut decoder, &stream[cut - left.unwrap()..]).0);
        assert_eq!(frames, whole.0, "cut at {cut}");
    }
}

#[test]
fn a_header_is_as_short_as_the_length_allows() {
    for (bytes, header) in [
        (0, &[0x81, 0][..]),
        (125, &[0x81, 125]),
        (126, &[0x81, 126, 0, 126]),
        (65_535, &[0x81, 126, 255, 255]),
        (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let mut out = Vec::new();
        encode_header(&mut out, Opcode::Text, bytes);
        assert_eq!(out, header);
    }
}

#[test]
fn masks_of_every_length_come_off() {
    let key = [1, 2, 3, 4];
    for length in 0..40 {
        let mut payload: Vec<u8> = (0..length).map(|place| place ^ key[usize::from(place) % 4]).collect();
        unmask(&mut payload, key);
        assert_eq!(payload, (0..length).collect::<Vec<u8>>());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(stream in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&mut limited(100, 4), &stream);
    }

    #[test]
    fn no_frames_make_the_decoder_panic(
        frames in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..20)), 0..10),
    ) {
        let stream: Vec<u8> = frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect();
        let _ = read(&mut limited(100, 4), &stream);
    }

    #[test]
    fn a_message_survives_however_it_is_fragmented(
        text in any::<String>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(text.len());
        let (mut stream, mut from) = (Vec::new(), 0);
        for (place, to) in cuts.iter().enumerate() {
            let opcode = if place == 0 { 1 } else { 0 };
            let fin = if place + 1 == cuts.len() { FIN } else { 0 };
            stream.extend(frame(fin | opcode, &text.as_bytes()[from..*to]));
            from = *to;
        }
        let (frames, end) = read(&mut decoder(), &stream);
        prop_assert_eq!(end, Ok(0));
        prop_assert_eq!(frames.last(), Some(&format!("text {text}")));
        prop_assert_eq!(frames.len(), cuts.len());
    }
}
